"""An image's layers copied into one directory, for who can mount no overlay: as they would be seen."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import ExitStack

from engine.containers.upper import Below
from engine.volumes.copying import Names, copy_attributes, copy_one

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def copy_stack(lowers: Sequence[str], target: str) -> None:
    """Copy a stack.

    :param lowers: directories that nobody writes to, the topmost first. :param target: an empty directory.
    :raises OSError: the disk refuses.
    """
    with ExitStack() as held:
        roots = []
        for path in (*lowers, target):
            roots.append(os.open(path, _DIRECTORY))
            held.callback(os.close, roots[-1])
        _Flattening(roots.pop()).run(Below(tuple((root, b"") for root in roots)))


class _Flattening:
    def __init__(self, target: int) -> None:
        self._target = target
        self._names = Names(target)

    def run(self, top: Below) -> None:
        found = [(b"", top)]
        for path, below in found:  # grows as directories are found: parents first
            found += self._copy_names(path, below)
        for path, below in reversed(found):  # nothing is made in a directory after its time is set
            self._finish(path, below)

    def _copy_names(self, path: bytes, below: Below) -> list[tuple[bytes, Below]]:
        inside = []
        target = os.open(path or b".", _DIRECTORY, dir_fd=self._target)
        try:
            for name in sorted(below.names()):
                found = below.find(name)
                assert found is not None
                status, root, place = found
                inner = path + b"/" + name if path else name
                if stat.S_ISDIR(status.st_mode):
                    os.mkdir(name, 0o700, dir_fd=target)
                    inside.append((inner, below.enter(name)))
                elif not self._names.link(status, target, name, inner):
                    source = os.open(os.path.dirname(place) or b".", _DIRECTORY, dir_fd=root)
                    try:
                        copy_one(source, target, name, status)
                    finally:
                        os.close(source)
        finally:
            os.close(target)
        return inside

    def _finish(self, path: bytes, below: Below) -> None:
        root, place = below.copies[0]
        source = os.open(place or b".", _DIRECTORY, dir_fd=root)
        target = os.open(path or b".", _DIRECTORY, dir_fd=self._target)
        try:
            copy_attributes(source, target)
        finally:
            os.close(source)
            os.close(target)
