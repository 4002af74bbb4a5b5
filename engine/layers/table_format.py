"""How a file table lies on disk: a header, then columns, then text that only some entries have.

    magic, version, byte order, entries, length of each section, two sums
    kinds      u8                     links    entry numbers (u32), then targets, NUL between
    flags      u8                     groups   entry numbers (u32), then group numbers (u32)
    modes      u16                    xattrs   entry numbers (u32), then for each entry a count (u32) and
    uids, gids u32                             so many attributes: lengths of name and value, both
    sizes      u64
    mtimes     i64, nanoseconds
    devices    u64
    digests    32 bytes each
    paths      with NUL for the slash, a slash between

The last four bytes are the CRC-32 of all before them.

Paths sort by bytes into tree order because NUL is the lowest byte. Columns are read by view, without a
copy; the byte order is the machine's own, for a store does not travel.
"""

from __future__ import annotations

import struct
import sys
from typing import Literal, NamedTuple

from engine.errors import Corrupt

HINT = "remove the image and pull it again"
MAGIC = b"LAMTABLE"
VERSION = 1
Code = Literal["B", "H", "I", "Q", "q"]
COLUMNS: tuple[tuple[str, Code], ...] = (
    ("kinds", "B"),
    ("flags", "B"),
    ("modes", "H"),
    ("uids", "I"),
    ("gids", "I"),
    ("sizes", "Q"),
    ("mtimes", "q"),
    ("devices", "Q"),
)
DIGEST = 32
# After the number of entries, lengths in bytes: paths; links, numbers and targets; groups; xattrs, numbers
# and values. Then the two sums that lists show, so that they need not read the rest.
HEADER = struct.Struct("=8sHH I 6Q 2Q")
CHECKSUM = struct.Struct("=I")
ORDER = 1 if sys.byteorder == "little" else 2
XATTR = struct.Struct("=HI")  # lengths of name and value, which follow
XATTR_COUNT = struct.Struct("=I")  # attributes of one entry


class TableHeader(NamedTuple):
    """The numbers of a table's header.

    :param unpacked: bytes of file contents, each file once however many names it has.
    :param named: entries that the archive named or marked; implicit parents are not among them.
    """

    entries: int
    sections: tuple[int, ...]
    unpacked: int
    named: int


def parse_header(data: bytes, length: int, origin: str) -> TableHeader:
    """The header of a table.

    :param data: the start of the file.
    :param length: of the whole file.
    :raises Corrupt: this is no table of this version, or its length is wrong.
    """
    if len(data) < HEADER.size:
        raise Corrupt(f"{origin} is damaged: it is too short", hint=HINT)
    magic, version, order, entries, *sections, unpacked, named = HEADER.unpack_from(data)
    if magic != MAGIC or version != VERSION or order != ORDER:
        raise Corrupt(f"{origin} is no file table of this version", hint=HINT)
    if HEADER.size + columns_size(entries) + sum(sections) + CHECKSUM.size != length:
        raise Corrupt(f"{origin} is damaged: its length is wrong", hint=HINT)
    return TableHeader(entries, tuple(sections), unpacked, named)


def columns_size(entries: int) -> int:
    """Bytes of all columns of fixed width."""
    return entries * (sum(struct.calcsize(code) for _, code in COLUMNS) + DIGEST)
