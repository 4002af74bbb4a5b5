"""Writing archives: members as POSIX tar, with PAX records where a header's fields do not reach.

The same members always give the same bytes. Sources: POSIX.1-2017 pax, "ustar Interchange Format" and "pax
Extended Header"; extended attributes as star and Go's archive/tar write them.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Iterable

from engine.layers.header import SECOND
from engine.layers.member import Kind, Member

_BLOCK = tarfile.BLOCKSIZE
_TYPES = {
    Kind.DIRECTORY: tarfile.DIRTYPE,
    Kind.FILE: tarfile.REGTYPE,
    Kind.SYMLINK: tarfile.SYMTYPE,
    Kind.HARDLINK: tarfile.LNKTYPE,
    Kind.FIFO: tarfile.FIFOTYPE,
    Kind.CHAR: tarfile.CHRTYPE,
    Kind.BLOCK: tarfile.BLKTYPE,
}
_LONGEST_NAME = 100  # bytes that a header's field takes
_LARGEST_ID, _LARGEST_SIZE = 0o7777777, 0o77777777777
_ZEROS = bytes(1 << 20)

Content = Iterable[bytes | memoryview]


class TarWriter:
    """Writes members one after another.

    :param write: takes the archive's bytes.
    :ivar size: bytes so far.
    """

    def __init__(self, write: Callable[[bytes | memoryview], object]) -> None:
        self._sink = write
        self.size = 0

    def add(self, member: Member, content: Content = ()) -> None:
        """Write a member.

        :param content: of a regular file. What has changed its size meanwhile is cut, or filled with zeros.
        """
        records: dict[bytes, bytes] = {}
        header = _header(member, records)
        if records:
            self._extended(records)
        self._write(header)
        if member.kind is Kind.FILE:
            self._content(content, member.size)

    def end(self) -> None:
        """The two empty blocks that end an archive."""
        self._write(bytes(2 * _BLOCK))

    def _content(self, content: Content, size: int) -> None:
        left = size
        for piece in content:
            piece = memoryview(piece)[:left]
            self._write(piece)
            left -= len(piece)
            if not left:
                break
        while left:
            piece = memoryview(_ZEROS)[:left]
            self._write(piece)
            left -= len(piece)
        self._write(bytes(-size % _BLOCK))

    def _extended(self, records: dict[bytes, bytes]) -> None:
        data = b"".join(_record(keyword, value) for keyword, value in sorted(records.items()))
        info = tarfile.TarInfo("pax")
        info.type, info.size = tarfile.XHDTYPE, len(data)
        self._write(info.tobuf(tarfile.USTAR_FORMAT))
        self._write(data + bytes(-len(data) % _BLOCK))

    def _write(self, data: bytes | memoryview) -> None:
        self._sink(data)
        self.size += len(data)


def _header(member: Member, records: dict[bytes, bytes]) -> bytes:
    """The member's header; what does not fit goes to `records`."""
    name = member.name + b"/" if member.kind is Kind.DIRECTORY else member.name
    info = tarfile.TarInfo(_text(name, b"path", records))
    info.linkname = _text(member.link, b"linkpath", records)
    info.type, info.mode = _TYPES[member.kind], member.mode
    info.uid = _number(member.uid, _LARGEST_ID, b"uid", records)
    info.gid = _number(member.gid, _LARGEST_ID, b"gid", records)
    info.size = _number(member.size, _LARGEST_SIZE, b"size", records) if member.kind is Kind.FILE else 0
    seconds, fraction = divmod(member.mtime, SECOND)
    if fraction or not 0 <= seconds <= _LARGEST_SIZE:
        sign, (whole, rest) = "-" if member.mtime < 0 else "", divmod(abs(member.mtime), SECOND)
        records[b"mtime"] = f"{sign}{whole}.{rest:09}".encode()
    info.mtime = min(max(seconds, 0), _LARGEST_SIZE)
    if member.kind in (Kind.CHAR, Kind.BLOCK):
        info.devmajor, info.devminor = _device(member.device)
    for attribute, value in (member.xattrs or {}).items():
        records[b"SCHILY.xattr." + attribute] = value
    return info.tobuf(tarfile.USTAR_FORMAT, "ascii", "replace")


def _device(number: int) -> tuple[int, int]:
    return os.major(number), os.minor(number)


def _text(value: bytes, keyword: bytes, records: dict[bytes, bytes]) -> str:
    if len(value) > _LONGEST_NAME or not value.isascii():
        records[keyword] = value
        # Read only by programs that know no PAX.
        return value[-_LONGEST_NAME:].lstrip(b"/").decode("ascii", "replace").replace("\ufffd", "_")
    return value.decode("ascii")


def _number(value: int, largest: int, keyword: bytes, records: dict[bytes, bytes]) -> int:
    if value <= largest:
        return value
    records[keyword] = str(value).encode()
    return 0


def _record(keyword: bytes, value: bytes) -> bytes:
    rest = b" " + keyword + b"=" + value + b"\n"
    # The length counts itself.
    length = len(rest) + len(str(len(rest)))
    length += len(str(length)) - len(str(len(rest)))
    return str(length).encode() + rest
