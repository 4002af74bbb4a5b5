"""A little disk that is set aside, so that a store whose disk is full can still be made smaller.

To remove an image takes a few new pages of the database and a few lock files, and even to list images
SQLite makes two files. On a disk without a free block or inode none of it works; then the reserve is
given up for the length of one call.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from engine.errors import Conflict, InvalidArgument, LaminaError, NotFound
from engine.store.layout import Layout

_Value = TypeVar("_Value")
# As many inodes, and blocks for the database's log and its index.
_PIECES = 16
_PIECE = 64 << 10
_LOW_BYTES, _LOW_INODES = 256 << 10, 8
# Not of the disk's making: to try again would change nothing.
_OTHERS = (NotFound, Conflict, InvalidArgument)


def fill_reserve(layout: Layout) -> None:
    """Set aside what is missing of the reserve, as far as the disk lets us."""
    with suppress(OSError):
        layout.reserve.mkdir(mode=0o700, exist_ok=True)
        for number in range(_PIECES):
            _fill(layout.reserve / str(number))


def with_room(layout: Layout, call: Callable[[], _Value]) -> _Value:
    """What a call gives; where the disk is full it is tried once more with the reserve given up."""
    try:
        return call()
    except (LaminaError, OSError) as error:
        if isinstance(error, _OTHERS) or not _is_full(layout):
            raise
    with given_up(layout):
        return call()


@contextmanager
def given_up(layout: Layout) -> Iterator[None]:
    """Let the disk have the reserve for the length of the block."""
    with suppress(OSError):
        for entry in list(os.scandir(layout.reserve)):
            os.unlink(entry.path)
    try:
        yield
    finally:
        fill_reserve(layout)


def _is_full(layout: Layout) -> bool:
    disk = os.statvfs(layout.root)
    few_inodes = disk.f_files > 0 and disk.f_favail < _LOW_INODES  # some file systems have no fixed number
    return few_inodes or disk.f_bavail * disk.f_frsize < _LOW_BYTES


def _fill(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return
    try:
        os.posix_fallocate(descriptor, 0, _PIECE)
    except OSError:
        os.unlink(path)
        raise
    finally:
        os.close(descriptor)
