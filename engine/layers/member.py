"""One member of an archive, as the tar reader hands it on."""

from __future__ import annotations

from enum import IntEnum


class Kind(IntEnum):
    """What a path of a layer is. The numbers are written to file tables."""

    DIRECTORY = 1
    FILE = 2
    SYMLINK = 3
    HARDLINK = 4  # in a table: to a file of a lower layer, which the seam makes
    FIFO = 5
    CHAR = 6
    BLOCK = 7
    WHITEOUT = 8  # hides the path of the layers below; never in an archive as such


class Member:
    """A header with its extended headers applied.

    :param name: path as the archive has it, not yet made safe.
    :param mode: permission bits with set-id and sticky, 0o7777 at most.
    :param size: bytes of the file's content, holes included; 0 where there is no content.
    :param stored: bytes of data in the archive; differs from `size` for sparse files.
    :param mtime: nanoseconds since the epoch.
    :param link: target of a symbolic or hard link.
    :param device: as `os.makedev` gives it.
    :param sparse: fragments of (offset, length) in order, or None where the file has no holes.
    """

    __slots__ = (
        "device", "gid", "kind", "link", "mode", "mtime", "name", "size", "sparse", "stored", "uid", "xattrs"
    )  # fmt: skip

    def __init__(
        self, kind: Kind, name: bytes, *, mode: int = 0o644, uid: int = 0, gid: int = 0, size: int = 0,
        mtime: int = 0, link: bytes = b"", device: int = 0, xattrs: dict[bytes, bytes] | None = None,
    ) -> None:  # fmt: skip
        self.kind = kind
        self.name = name
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.size = size
        self.stored = size
        self.mtime = mtime
        self.link = link
        self.device = device
        self.xattrs = xattrs
        self.sparse: list[tuple[int, int]] | None = None
