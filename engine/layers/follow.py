"""Paths followed inside a stack: through symbolic links and layers, never above the root."""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import NotFound
from engine.layers.entries import Entries
from engine.layers.keys import SEPARATOR, child_key
from engine.layers.limits import Limits
from engine.layers.member import Kind
from engine.layers.resolve import show

Look = Callable[[bytes], int | None]
_DIRECTORY, _SYMLINK = int(Kind.DIRECTORY), int(Kind.SYMLINK)


def walk(entries: Entries, look: Look, start: bytes, path: bytes) -> tuple[bytes, list[bytes]]:
    """Where a path leads, all links followed: the key of what is there, and the names below it that are not.

    :param look: the entry at a key, None where there is none.
    :param start: key of the directory that a relative path begins at.
    :param path: with slashes.
    :raises NotFound: a file is on the way, or links go round in a circle.
    """
    left = Limits().links
    here = b"" if path.startswith(b"/") else start
    missing: list[bytes] = []
    pending = path.split(b"/")[::-1]
    while pending:
        name = pending.pop()
        if name in (b"", b"."):
            continue
        if name == b"..":
            if missing:
                missing.pop()
            else:
                here = here.rpartition(SEPARATOR)[0]
            continue
        key = child_key(here, name)
        entry = None if missing else look(key)
        if entry is None:
            missing.append(name)
        elif entries.kind(entry) == _SYMLINK:
            left -= 1
            if left < 0:
                raise NotFound(f"too many symbolic links on the way to {show(path)}")
            target = entries.link(entry)
            if target.startswith(b"/"):
                here = b""
            pending += target.split(b"/")[::-1]
        elif entries.kind(entry) == _DIRECTORY or not any(part not in (b"", b".") for part in pending):
            here = key
        else:
            raise NotFound(f"there is a file on the way to {show(path)}")
    return here, missing
