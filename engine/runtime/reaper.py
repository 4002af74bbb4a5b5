"""The small program of `--init`: number 1 inside, which hands on signals and reaps orphans.

It is the host's, as with Docker and Podman, and must need no library, for inside there is only the image's.
"""

from __future__ import annotations

import os
import struct

from engine.errors import NotSupported

INSIDE = "/dev/lamina-init"  # a tmpfs, so that the writable layer keeps no trace of it

_NAMES = ("docker-init", "tini-static", "catatonit", "tini", "dumb-init")
_PLACES = ("/usr/libexec/podman", "/usr/lib/podman", "/usr/libexec/docker", "/usr/local/libexec/podman")
_PT_INTERP = 3
_HEADER = struct.Struct("<16s HHI QQQ I HHHHHH")  # elf(5), 64 bits
_PROGRAM_HEADER = struct.Struct("<I")
_MOST_HEADERS = 64


def find_reaper() -> str:
    """Path of such a program on this host.

    :raises NotSupported: there is none that stands alone.
    """
    from shutil import which  # 2 ms that only those with --init pay

    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_PLACES])
    for name in _NAMES:
        found = which(name, path=path)
        if found and _stands_alone(found):
            return os.path.realpath(found)
    raise NotSupported(
        f"--init: none of {', '.join(_NAMES)} is installed, or it needs libraries",
        hint="install tini or catatonit",
    )


def _stands_alone(path: str) -> bool:
    """Whether a program asks for no dynamic loader."""
    try:
        with open(path, "rb") as file:
            header = _HEADER.unpack(file.read(_HEADER.size))
            if header[0][:5] != b"\x7fELF\x02":
                return False
            offset, size, count = header[5], header[9], header[10]
            for number in range(min(count, _MOST_HEADERS)):
                file.seek(offset + number * size)
                if _PROGRAM_HEADER.unpack(file.read(4))[0] == _PT_INTERP:
                    return False
    except (OSError, struct.error):
        return False
    return True
