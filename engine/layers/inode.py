"""The tree that an unpack has made so far, in memory: what every path is, and what the table will say.

Plain classes with slots: there is one object for each of up to a million members.
"""

from __future__ import annotations

import hashlib
from enum import IntFlag

from engine.errors import LimitExceeded
from engine.layers.member import Kind, Member

NO_DIGEST = bytes(32)
EMPTY_DIGEST = hashlib.sha256().digest()
DEFAULT_DIRECTORY_MODE = 0o755


class Flag(IntFlag):
    """What is special about a path of a layer. The numbers are written to file tables.

    IMPLICIT: a parent that the archive leaves out; its attributes are those of the directory below.
    OPAQUE: hides all that the layers below have in this directory.
    SKIPPED: known by the table alone, because this host refuses to make it.
    """

    IMPLICIT = 1
    OPAQUE = 2
    SKIPPED = 4


NO_FLAGS = Flag(0)


class Inode:
    """A file of any kind but a directory; several names may lead to it.

    :ivar digest: SHA-256 of a regular file's content, else zeros.
    :ivar linked: whether a second name was ever made; it may be gone again.
    """

    __slots__ = (
        "device", "digest", "flags", "gid", "kind", "link", "linked", "mode", "mtime", "size", "uid", "xattrs"
    )  # fmt: skip

    def __init__(self, kind: Kind, mode: int = 0, uid: int = 0, gid: int = 0, mtime: int = 0) -> None:
        self.kind = kind
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.mtime = mtime
        self.size = 0
        self.link = b""
        self.device = 0
        self.digest = NO_DIGEST
        self.xattrs: dict[bytes, bytes] | None = None
        self.flags = 0
        self.linked = False

    def describe(self, member: Member) -> None:
        """Take over what an archive says of ownership, mode, time and extended attributes."""
        self.mode = member.mode
        self.uid = member.uid
        self.gid = member.gid
        self.mtime = member.mtime
        self.xattrs = member.xattrs


class Directory(Inode):
    """A directory and its names.

    :param parent: None for the root, and for one that was removed.
    """

    __slots__ = ("children", "depth", "holds_whiteouts", "name", "parent")

    def __init__(self, name: bytes = b"", parent: Directory | None = None) -> None:
        # The same for all that nobody describes, so that equal archives make equal layers.
        super().__init__(Kind.DIRECTORY, DEFAULT_DIRECTORY_MODE)
        self.name = name
        self.parent = parent
        self.depth: int = parent.depth + 1 if parent else 0
        self.holds_whiteouts = False
        self.children: dict[bytes, Inode] = {}

    def path(self) -> bytes:
        """The path below the root, without a leading slash; empty for the root."""
        names = []
        here: Directory | None = self
        while here is not None and here.parent is not None:
            names.append(here.name)
            here = here.parent
        return b"/".join(reversed(names))


def is_on_disk(inode: Inode) -> bool:
    """Whether the layer's directory has it; the table alone knows the others."""
    return not (inode.flags & Flag.SKIPPED or inode.kind is Kind.HARDLINK)


def is_covered(directory: Directory | None) -> bool:
    """Whether this layer hides all that lies below in this directory."""
    while directory is not None:
        if directory.flags & Flag.OPAQUE:
            return True
        directory = directory.parent
    return False


def has_content(top: Directory) -> bool:
    """Whether there is more in a directory than whiteouts and the parents they imply."""
    return any(
        not directory.flags & Flag.IMPLICIT
        or any(child.kind not in (Kind.DIRECTORY, Kind.WHITEOUT) for child in directory.children.values())
        for directory in directories(top)
    )


def is_under(directory: Directory | None, ancestor: Inode) -> bool:
    """Whether a directory is `ancestor` or lies below it."""
    while directory is not None:
        if directory is ancestor:
            return True
        directory = directory.parent
    return False


def directories(top: Directory) -> list[Directory]:
    """A directory and all below it, parents first."""
    found = [top]
    for directory in found:
        found.extend(child for child in directory.children.values() if isinstance(child, Directory))
    return found


def walk(root: Directory, limit: int) -> list[tuple[bytes, Inode]]:
    """Every path and its inode, in tree order: a directory before its children, siblings by bytes.

    Paths have NUL for the slash, so that sorting them by bytes gives this same order.

    :param limit: bytes of all paths together.
    :raises LimitExceeded: they are longer; a few deep directories make every path below them long.
    """
    found: list[tuple[bytes, Inode]] = []
    pending: list[tuple[bytes, Inode]] = [(b"", root)]
    while pending:
        path, inode = pending.pop()
        found.append((path, inode))
        limit -= len(path)
        if limit < 0:
            raise LimitExceeded("the layer's paths together are longer than we accept")
        if isinstance(inode, Directory) and inode.children:
            prefix = path + b"\0" if path else b""
            pending += [
                (prefix + name, inode.children[name]) for name in sorted(inode.children, reverse=True)
            ]
    return found
