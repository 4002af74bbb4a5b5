"""Authorities and client certificates of single registries, kept as Docker keeps them.

    <directory>/<host[:port]>/*.crt              authorities, besides those of this machine
    <directory>/<host[:port]>/*.cert and *.key   who we are: pairs of one name

Source: Docker, "Verify repository client with certificates".
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

from engine.errors import InvalidArgument
from engine.registry.hosts import Origin


class Certificates:
    """The TLS contexts of one client, one for each registry that has certificates of its own.

    :param directories: the first that has one for a registry wins; they need not exist.
    """

    def __init__(self, directories: tuple[Path, ...]) -> None:
        self._directories = directories
        self._contexts: dict[Origin, ssl.SSLContext | None] = {}

    async def context(self, origin: Origin) -> ssl.SSLContext | None:
        """How to speak TLS to an origin; None where this machine's authorities are all there is.

        :raises InvalidArgument: a certificate cannot be read; names its file.
        """
        if not origin.is_secure or not self._directories:
            return None
        if origin not in self._contexts:
            self._contexts[origin] = await asyncio.to_thread(self._load, origin)
        return self._contexts[origin]

    def _load(self, origin: Origin) -> ssl.SSLContext | None:
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        names = (f"{host}:{origin.port}", host) if origin.port == 443 else (f"{host}:{origin.port}",)
        for directory in self._directories:
            for name in names:
                context = _context(directory / name)
                if context is not None:
                    return context
        return None


def _context(directory: Path) -> ssl.SSLContext | None:
    try:
        found = sorted(directory.iterdir())
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    context = ssl.create_default_context()
    for path in found:
        try:
            if path.suffix == ".crt":
                context.load_verify_locations(cafile=path)
            elif path.suffix == ".cert":
                context.load_cert_chain(path, path.with_suffix(".key"))
        except (OSError, ssl.SSLError) as error:
            reason = error.strerror or str(error)
            raise InvalidArgument(
                f"the certificate {path} cannot be used: {reason}",
                hint="*.crt are authorities, *.cert and *.key of one name are a client's; all in PEM",
            ) from error
    return context
