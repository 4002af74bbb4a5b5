"""Names to addresses, without those that a name from outside must not lead to."""

from __future__ import annotations

import socket

from aiohttp import ThreadedResolver
from aiohttp.abc import ResolveResult

from engine.registry.hosts import is_link_local


class NetResolver(ThreadedResolver):
    """The system's resolver, less link-local addresses: that is where clouds keep their metadata services."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of `host`.

        :raises OSError: it has none that may be asked.
        """
        found = [
            each for each in await super().resolve(host, port, family) if not is_link_local(each["host"])
        ]
        if not found:
            raise OSError(None, f"{host} has no address that may be asked")
        return found
