"""Being told of changes to files, so that nobody polls. inotify(7)"""

import ctypes
import os
import struct
from types import TracebackType
from typing import NamedTuple, Self

from engine.errors import Unavailable

MODIFY = 0x2
CLOSE_WRITE = 0x8
MOVED_FROM = 0x40
MOVED_TO = 0x80
CREATE = 0x100
DELETE = 0x200
DELETE_SELF = 0x400
MOVE_SELF = 0x800
OVERFLOW = 0x4000

_HEADER = struct.Struct("iIII")
_libc = ctypes.CDLL(None, use_errno=True)


class Change(NamedTuple):
    """One change: the watch it came by, what happened (bits above), and the name inside a directory."""

    watch: int
    mask: int
    name: str


class Inotify:
    """A set of watched files and directories behind one descriptor that polls readable."""

    def __init__(self) -> None:
        self._fd = int(_libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK))
        if self._fd < 0:
            number = ctypes.get_errno()
            raise Unavailable(
                f"the kernel gives no inotify instance: {os.strerror(number)}",
                hint="raise fs.inotify.max_user_instances",
            )

    def add(self, path: str | os.PathLike[str], mask: int) -> int:
        """Watch a path for the changes of `mask`; gives the watch's number.

        :raises OSError: the path does not exist, or the kernel's limit of watches is reached.
        """
        watch = int(_libc.inotify_add_watch(self._fd, os.fsencode(path), ctypes.c_uint32(mask)))
        if watch < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), os.fspath(path))
        return watch

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._fd

    def read(self) -> list[Change]:
        """Changes since the last call; empty when there are none. Never blocks."""
        try:
            data = os.read(self._fd, 65536)
        except BlockingIOError:
            return []
        changes, offset = [], 0
        while offset < len(data):
            watch, mask, _cookie, length = _HEADER.unpack_from(data, offset)
            offset += _HEADER.size
            name = os.fsdecode(data[offset : offset + length].rstrip(b"\0"))
            changes.append(Change(watch, mask, name))
            offset += length
        return changes

    def close(self) -> None:
        """Give the descriptor back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
