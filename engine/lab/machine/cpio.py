"""Archives as a kernel unpacks them into its first file system: cpio, "new ASCII" format, uncompressed.

Source: Documentation/driver-api/early-userspace/buffer-format.rst
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from engine.errors import LimitExceeded
from engine.layers.member import Kind, Member

_MAGIC = b"070701"
_LARGEST = (1 << 32) - 1  # eight hexadecimal digits
_TYPES = {
    Kind.DIRECTORY: 0o040000,
    Kind.FILE: 0o100000,
    Kind.SYMLINK: 0o120000,
    Kind.FIFO: 0o010000,
    Kind.CHAR: 0o020000,
    Kind.BLOCK: 0o060000,
}
_TRAILER = Member(Kind.FILE, b"TRAILER!!!", mode=0)


class CpioWriter:
    """Writes members one after another.

    :param write: takes the archive's bytes.
    :param linked: names of files that have further names, which come later as hard links to them.
    :ivar size: bytes so far. :ivar entries: members so far.
    """

    def __init__(self, write: Callable[[bytes], object], linked: Iterable[bytes] = ()) -> None:
        self._sink = write
        self._numbers = {name: number for number, name in enumerate(linked, 1)}
        self._next = len(self._numbers) + 1
        self.size = 0
        self.entries = 0

    def add(self, member: Member, content: Iterable[bytes] = ()) -> None:
        """Write a member.

        :param content: of a regular file, exactly `member.size` bytes.
        :raises LimitExceeded: a file is larger than the format can say.
        """
        self.entries += 1
        if member.kind is Kind.HARDLINK:
            # To the kernel an entry with a number that it knows is one more name, without content.
            self._entry(member, self._numbers[member.link], 0o100000, 2, 0)
            return
        number = self._numbers.get(member.name)
        links = 1 if number is None else 2
        if number is None:
            number, self._next = self._next, self._next + 1
        if member.kind is Kind.SYMLINK:
            content = (member.link,)
        size = member.size if member.kind is Kind.FILE else len(member.link)
        self._entry(member, number, _TYPES[member.kind], links, size)
        for piece in content:
            self._write(piece)
        self._write(bytes(-size % 4))

    def end(self) -> None:
        """The entry that ends an archive."""
        self._entry(_TRAILER, 0, 0, 1, 0)

    def _entry(self, member: Member, number: int, kind: int, links: int, size: int) -> None:
        if size > _LARGEST:
            raise LimitExceeded(f"a file of {size} bytes is too large for a machine's first file system")
        name = member.name + b"\0"
        device = member.device if member.kind in (Kind.CHAR, Kind.BLOCK) else 0
        fields = (
            number, kind | member.mode, member.uid, member.gid, links, max(0, member.mtime // 10**9), size,
            0, 0, os.major(device), os.minor(device), len(name), 0,
        )  # fmt: skip
        header = _MAGIC + b"".join(b"%08X" % (field & _LARGEST) for field in fields) + name
        self._write(header + bytes(-len(header) % 4))

    def _write(self, data: bytes) -> None:
        self._sink(data)
        self.size += len(data)
