"""How much a layer from outside may ask of us; each bound is checked while streaming."""

from __future__ import annotations

from typing import NamedTuple

from engine.errors import LimitExceeded

ROOM = "if the disk has no more, make room: lamina system prune or lamina rmi; else it is more than we accept"


class Limits(NamedTuple):
    """Bounds of one layer; sizes in bytes.

    A named tuple, not a dataclass: unpack helpers start often, and importing `dataclasses` takes them 8 ms.

    :param unpacked: the archive when inflated, and the sum of its files with holes of sparse files counted.
    :param ratio: inflated over compressed bytes, once `ratio_from` bytes are out; gzip cannot exceed 1032.
    :param entries: members of an archive, and directories that they imply; `headers` of all kinds may be four
        times as many.
    :param depth: directories within directories; links of the layer can lead deeper than any path is long.
    :param text: names, link targets and extended attributes of all members, which are held in memory.
    :param path: of a whole path or link target (PATH_MAX of limits.h with its NUL is 4096).
    :param extended: one PAX or GNU extended header.
    :param xattr: value of one extended attribute (XATTR_SIZE_MAX of limits.h).
    :param xattrs: extended attributes of one member.
    :param sparse: data fragments of one sparse file.
    :param members: gzip members of one blob; formats that seek have one for each file.
    :param window: memory that a zstd frame may ask for; the default of the zstd program.
    :param links: symbolic links followed for one path (MAXSYMLINKS of linux/namei.h).
    """

    unpacked: int = 256 << 30
    ratio: int = 1100
    ratio_from: int = 256 << 20
    entries: int = 1_000_000
    depth: int = 2048
    text: int = 256 << 20
    path: int = 4095
    extended: int = 1 << 20
    xattr: int = 65536
    xattrs: int = 128
    sparse: int = 65536
    members: int = 1_000_000
    window: int = 128 << 20
    links: int = 40

    @property
    def headers(self) -> int:
        """Header blocks of one archive, extended ones included."""
        return 4 * self.entries


def too_large(limits: Limits) -> LimitExceeded:
    """The error of a layer that is larger than `limits.unpacked`."""
    return LimitExceeded(
        f"the layer unpacks to more than {limits.unpacked} bytes",
        hint=ROOM,
    )
