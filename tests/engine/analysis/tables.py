"""File tables written by hand: a layer is a mapping from paths to what they are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from engine.layers.inode import NO_FLAGS, Directory, Flag, Inode
from engine.layers.member import Kind
from engine.layers.table import FileTable
from engine.layers.table_writer import encode_table


@dataclass(frozen=True)
class What:
    """One path of a layer, as its archive has it.

    :param content: of a file; its size and digest follow.
    :param same_as: another path of this layer that is the same file.
    """

    kind: Kind = Kind.FILE
    content: bytes = b""
    link: str = ""
    mode: int = 0o644
    uid: int = 0
    mtime: int = 0
    flags: Flag = NO_FLAGS
    same_as: str = ""
    xattrs: tuple[tuple[bytes, bytes], ...] = ()


def file(content: bytes, **more: int) -> What:
    """A regular file."""
    return What(content=content, **more)  # type: ignore[arg-type]  # mode, uid and mtime


def folder(flags: Flag = NO_FLAGS, mode: int = 0o755) -> What:
    """A directory that the archive names."""
    return What(Kind.DIRECTORY, mode=mode, flags=flags)


def link(target: str) -> What:
    """A symbolic link."""
    return What(Kind.SYMLINK, link=target, mode=0o777)


def hard(target: str) -> What:
    """A hard link to a file of a layer below."""
    return What(Kind.HARDLINK, link=target)


GONE = What(Kind.WHITEOUT)
OPAQUE = folder(Flag.OPAQUE)


def table(layer: Mapping[str, What | bytes]) -> FileTable:
    """The table of a layer; parents that are not named are implicit, as an unpack would make them."""
    root = Directory()
    root.flags = int(Flag.IMPLICIT)
    made: dict[str, Inode] = {}
    for path, what in layer.items():
        what = file(what) if isinstance(what, bytes) else what
        place = _parent(root, path)
        if place is None:
            continue
        parent, name = place
        if what.same_as:
            made[path] = parent.children[name] = made[what.same_as]
            made[path].linked = True
        else:
            made[path] = _put(parent, name, what)
    return FileTable(encode_table(root))


def tables(*layers: Mapping[str, What | bytes]) -> list[FileTable]:
    """The tables of a stack, base first."""
    return [table(layer) for layer in layers]


def _parent(root: Directory, path: str) -> tuple[Directory, bytes] | None:
    """None where another path of the layer is a file on the way."""
    *parents, name = path.encode().split(b"/")
    here, covered = root, bool(root.flags & Flag.OPAQUE)
    for part in parents:
        below = here.children.get(part)
        if below is None:
            below = here.children[part] = Directory(part, here)
            below.flags = 0 if covered else int(Flag.IMPLICIT)
        if not isinstance(below, Directory):
            return None
        here, covered = below, covered or bool(below.flags & Flag.OPAQUE)
    return here, name


def _put(parent: Directory, name: bytes, what: What) -> Inode:
    inode: Inode
    if what.kind is Kind.DIRECTORY:
        before = parent.children.get(name)
        inode = before if isinstance(before, Directory) else Directory(name, parent)
        inode.flags &= ~Flag.IMPLICIT
    else:
        inode = Inode(what.kind)
    inode.mode, inode.uid, inode.mtime = what.mode, what.uid, what.mtime
    inode.flags |= what.flags
    inode.link = what.link.encode()
    inode.xattrs = dict(what.xattrs) or None
    if what.kind is Kind.FILE:
        inode.size = len(what.content)
        inode.digest = hashlib.sha256(what.content).digest()
    elif what.kind is Kind.SYMLINK:
        inode.size = len(inode.link)
    parent.children[name] = inode
    return inode
