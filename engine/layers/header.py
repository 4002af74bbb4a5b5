"""One 512-byte tar header, strictly: V7, ustar, GNU and star.

Sources: POSIX.1-2017 pax, "ustar Interchange Format"; tar(5) of libarchive; the GNU tar manual,
"Basic Tar Format".
"""

from __future__ import annotations

import os
import struct

from engine.errors import Malformed
from engine.layers.member import Kind, Member

_HEADER = struct.Struct("100s8s8s8s12s12s8sc100s8s64x8s8s155s12s")
_USTAR = b"ustar\x0000"
_STAR_TRAILER = b"tar\0"
_STAR_PREFIX = 131  # bytes; star keeps times behind it
_PADDING = b" \0"
_CHECKSUM = slice(148, 156)
_BLANK_SUM = 8 * 0x20
_MAX_NUMBER = (1 << 63) - 1
_MAX_ID = (1 << 32) - 2  # 2^32 - 1 means "leave as it is" to chown(2)
_MAX_MAJOR, _MAX_MINOR = (1 << 12) - 1, (1 << 20) - 1  # include/linux/kdev_t.h
SECOND = 1_000_000_000
# Values beyond what a file system can say are moved to the bound: a time harms nobody.
_MAX_TIME = (1 << 63) - 1

KINDS = {
    b"0": Kind.FILE,
    b"\0": Kind.FILE,
    b"7": Kind.FILE,
    b"S": Kind.FILE,
    b"1": Kind.HARDLINK,
    b"2": Kind.SYMLINK,
    b"3": Kind.CHAR,
    b"4": Kind.BLOCK,
    b"5": Kind.DIRECTORY,
    b"6": Kind.FIFO,
}


class Header:
    """The fields of a block that are read before it is known what they mean."""

    __slots__ = ("fields", "kind", "raw", "size")

    def __init__(self, raw: bytes) -> None:
        """
        :param raw: the block, 512 bytes, not all zero.
        :raises Malformed: the checksum is wrong, or the size is no number.
        """
        self.raw = raw
        self.fields = _HEADER.unpack(raw)
        _verify(raw, self.fields[6])
        self.kind: bytes = self.fields[7]
        self.size = size_of(number(self.fields[4]))

    def member(self, records: dict[bytes, bytes], long_name: bytes, long_link: bytes) -> Member:
        """The member, extended headers applied: PAX over GNU over the block's own fields.

        :param records: PAX records by keyword; an empty value gives the block's field its say again.
        :raises Malformed: a field makes no sense, or the type is not known.
        """
        fields = self.fields
        kind = KINDS.get(self.kind)
        if kind is None:
            raise Malformed(f"the archive has a member of unknown type {self.kind!r}")
        name = long_name or self._name()
        link = long_link or text(fields[8])
        size = self.size
        uid, gid, mtime = number(fields[2]), number(fields[3]), number(fields[5]) * SECOND
        if records:
            name = records.get(b"path") or name
            link = records.get(b"linkpath") or link
            uid, gid = decimal(records, b"uid", uid), decimal(records, b"gid", gid)
            size = decimal(records, b"size", size)
            mtime = _time(records.get(b"mtime", b""), mtime)
        if self.kind == b"\0" and name.endswith(b"/"):
            kind = Kind.DIRECTORY  # V7 had no type for directories
        if not (0 <= uid <= _MAX_ID and 0 <= gid <= _MAX_ID):
            raise Malformed(f"the archive gives a member the owner {uid}:{gid}")
        return Member(
            kind, name,
            mode=number(fields[1]) & 0o7777, uid=uid, gid=gid,
            # Links and nodes have no content whatever their size field says; readers that disagree on
            # this see different archives, so we do as Go's archive/tar, which images are written with.
            size=size_of(size) if kind is Kind.FILE else 0,
            mtime=max(-_MAX_TIME, min(_MAX_TIME, mtime)),
            link=link,
            device=self._device() if kind in (Kind.CHAR, Kind.BLOCK) else 0,
        )  # fmt: skip

    def _name(self) -> bytes:
        name = text(self.fields[0])
        if self.fields[9] != _USTAR:
            return name
        prefix: bytes = self.fields[12]
        if self.raw[508:512] == _STAR_TRAILER:
            prefix = prefix[:_STAR_PREFIX]
        if prefix[0]:
            return text(prefix) + b"/" + name
        return name

    def _device(self) -> int:
        major, minor = number(self.fields[10]), number(self.fields[11])
        if not (0 <= major <= _MAX_MAJOR and 0 <= minor <= _MAX_MINOR):
            raise Malformed(f"the archive has a device node {major}:{minor}")
        return os.makedev(major, minor)


def text(field: bytes) -> bytes:
    """A field of text: up to its first NUL."""
    return field.split(b"\0", 1)[0]


def number(field: bytes) -> int:
    """A field's number: octal digits, or base-256 where the first bit is set (GNU).

    :raises Malformed: it is neither.
    """
    if field[0] & 0x80:
        return _base256(field)
    digits = text(field.strip(_PADDING))
    if not digits:
        return 0
    # int() alone would take signs, underscores and foreign digits.
    if digits.isdigit():
        try:
            return int(digits, 8)
        except ValueError:
            pass
    raise Malformed(f"the archive has a header field that is no number: {field!r}")


def _base256(field: bytes) -> int:
    # The mark is the top bit; the next one is the sign of a two's complement number.
    negative = bool(field[0] & 0x40)
    first = field[0] | 0x80 if negative else field[0] & 0x7F
    value = int.from_bytes(bytes([first]) + field[1:], "big", signed=negative)
    if abs(value) > _MAX_NUMBER:
        raise Malformed("the archive has a header field beyond 64 bits")
    return value


def size_of(value: int) -> int:
    """A size, which cannot be negative.

    :raises Malformed: it is.
    """
    if not 0 <= value <= _MAX_NUMBER:
        raise Malformed(f"the archive has a member of {value} bytes")
    return value


def decimal(records: dict[bytes, bytes], keyword: bytes, default: int) -> int:
    """The whole number of a PAX record.

    :raises Malformed: it is no number of at most 19 decimal digits.
    """
    value = records.get(keyword)
    if not value:
        return default
    if not value.isdigit() or len(value) > 19:
        raise Malformed(f"the archive's PAX record {keyword.decode()} is no number: {value[:40]!r}")
    return int(value)


def _time(value: bytes, default: int) -> int:
    """A PAX time, seconds with a fraction, as nanoseconds; digits beyond the ninth are cut."""
    if not value:
        return default
    negative = value.startswith(b"-")
    whole, _, fraction = value[negative:].partition(b".")
    if not whole.isdigit() or len(whole) > 19 or (fraction and not fraction.isdigit()):
        raise Malformed(f"the archive's PAX record mtime is no time: {value[:40]!r}")
    nanoseconds = int(whole) * SECOND + int(fraction[:9].ljust(9, b"0"))
    return -nanoseconds if negative else nanoseconds


def _verify(raw: bytes, field: bytes) -> None:
    stated = number(field)
    blanked = sum(raw) - sum(raw[_CHECKSUM]) + _BLANK_SUM
    if stated == blanked:
        return
    # Old Sun tar summed signed bytes.
    if stated == blanked - 256 * sum(byte > 127 for byte in raw if byte > 127):
        return
    raise Malformed("the archive has a header with a wrong checksum; it is damaged or no tar archive")
