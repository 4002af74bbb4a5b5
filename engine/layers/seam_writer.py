"""Writes a seam's directory: copies of what lies in layers, with the attributes it should have."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from engine.launch.syscalls import RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, openat2
from engine.layers.disk import Disk
from engine.layers.inode import Directory, Inode
from engine.layers.member import Kind, Member
from engine.layers.seam import Attributes, Node, Wanted
from engine.layers.table import FileTable
from engine.linux.syncfs import syncfs

_STEP = 1 << 30  # bytes for one copy_file_range


def write_seam(
    directory: int,
    wanted: Wanted,
    stack: Sequence[FileTable],
    trees: Sequence[Path],
) -> None:
    """Fill `fs` of an open directory and make it durable.

    :param wanted: by key in tree order, the root first, each with its parents.
    :param stack: the layers' tables; :param trees: their directories.
    :raises OSError: the disk refuses.
    """
    fs = os.open("fs", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
    umask = os.umask(0)  # files are made with the very mode they shall have
    try:
        disk = Disk(fs)
        try:
            _Writer(disk, stack, trees).write(wanted)
        finally:
            disk.close()
        syncfs(fs)
    finally:
        os.umask(umask)
        os.close(fs)


class _Writer:
    def __init__(self, disk: Disk, stack: Sequence[FileTable], trees: Sequence[Path]) -> None:
        self._disk = disk
        self._stack = stack
        self._trees = trees
        self._directories: dict[bytes, Directory] = {}
        self._names: dict[int, tuple[Directory, bytes]] = {}

    def write(self, wanted: Wanted) -> None:
        for key, (node, attributes) in wanted.items():
            above, _, name = key.rpartition(b"\0")
            if node is None:
                self._disk.whiteout(self._directories[above], name)
            elif node.kind == Kind.DIRECTORY:
                self._directory(key, self._directories.get(above) if key else None, name, attributes)
            else:
                self._leaf(self._directories[above], name, node, attributes)
        for directory in reversed(self._directories.values()):
            self._disk.finish_directory(directory)

    def _directory(self, key: bytes, parent: Directory | None, name: bytes, attributes: Attributes) -> None:
        directory = Directory(name, parent)
        if parent is not None:
            self._disk.directory(parent, name)
        directory.describe(_member(Kind.DIRECTORY, name, attributes))
        self._directories[key] = directory

    def _leaf(self, parent: Directory, name: bytes, node: Node, attributes: Attributes) -> None:
        first = self._names.setdefault(node.inode, (parent, name))
        if first != (parent, name):
            self._disk.link(*first, parent, name, Inode(Kind(node.kind)))
            return
        member = _member(Kind(node.kind), name, attributes)
        layer, number = node.source
        if node.kind == Kind.SYMLINK:
            member.link = node.link
            self._disk.symlink(parent, name, member)
        elif node.kind == Kind.FILE:
            self._copy(parent, member, layer, self._stack[layer].keys[number])
        else:
            member.device = self._stack[layer].devices[number]
            self._disk.node(parent, name, member)

    def _copy(self, parent: Directory, member: Member, layer: int, key: bytes) -> None:
        tree = os.open(self._trees[layer], os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            source = openat2(
                tree, key.replace(b"\0", b"/"), os.O_RDONLY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS
            )
        finally:
            os.close(tree)
        target = self._disk.create(parent, member.name, member.mode)
        try:
            # Shares the blocks where the file system can.
            while os.copy_file_range(source, target, _STEP):
                pass
            self._disk.finish_file(target, member)
        finally:
            os.close(source)
            os.close(target)


def _member(kind: Kind, name: bytes, attributes: Attributes) -> Member:
    mode, uid, gid, mtime, xattrs = attributes
    return Member(kind, name, mode=mode, uid=uid, gid=gid, mtime=mtime, xattrs=dict(xattrs) or None)
