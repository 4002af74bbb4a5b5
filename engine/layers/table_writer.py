"""Writes the file table of a layer from the tree that the unpack made."""

from __future__ import annotations

import os
import zlib
from array import array

from engine.layers.inode import Directory, Flag, Inode, walk
from engine.layers.limits import Limits
from engine.layers.member import Kind
from engine.layers.table_format import CHECKSUM, COLUMNS, HEADER, MAGIC, ORDER, VERSION, XATTR, XATTR_COUNT

_IMPLICIT = int(Flag.IMPLICIT)  # members of IntFlag are slow in loops


def encode_table(root: Directory, limits: Limits | None = None) -> bytes:
    """The table of a tree, as bytes.

    :raises LimitExceeded: its paths are longer than `limits` allow.
    """
    entries = walk(root, (limits or Limits()).text)
    inodes = [inode for _, inode in entries]
    columns: dict[str, list[int]] = {
        "kinds": [inode.kind for inode in inodes],
        "flags": [inode.flags for inode in inodes],
        "modes": [inode.mode for inode in inodes],
        "uids": [inode.uid for inode in inodes],
        "gids": [inode.gid for inode in inodes],
        "sizes": [inode.size for inode in inodes],
        "mtimes": [inode.mtime for inode in inodes],
        "devices": [inode.device for inode in inodes],
    }
    digests = b"".join([inode.digest for inode in inodes])
    paths = b"/".join([path for path, _ in entries])
    links = _links(inodes)
    groups = _groups(inodes)
    xattrs = _xattrs(inodes)
    header = HEADER.pack(
        MAGIC, VERSION, ORDER, len(entries), len(paths), len(links[0]), len(links[1]), len(groups),
        len(xattrs[0]), len(xattrs[1]), *_sums(inodes),
    )  # fmt: skip
    numbers = [bytes(array(code, columns[name])) for name, code in COLUMNS]
    data = b"".join([header, *numbers, digests, paths, *links, groups, *xattrs])
    return data + CHECKSUM.pack(zlib.crc32(data))


def write_table(root: Directory, directory: int, name: str, limits: Limits | None = None) -> int:
    """Write the table into an open directory; its size in bytes. Syncing is the caller's."""
    data = memoryview(encode_table(root, limits))
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444, dir_fd=directory)
    try:
        left = data
        while left:
            left = left[os.write(descriptor, left) :]
    finally:
        os.close(descriptor)
    return len(data)


def _sums(inodes: list[Inode]) -> tuple[int, int]:
    """Bytes of file contents, each file once; and entries that the archive named."""
    counted: set[int] = set()
    unpacked = named = 0
    for inode in inodes:
        named += not inode.flags & _IMPLICIT
        if inode.kind is Kind.FILE and not (inode.linked and id(inode) in counted):
            unpacked += inode.size
        if inode.linked:
            counted.add(id(inode))
    return unpacked, named


def _links(inodes: list[Inode]) -> tuple[bytes, bytes]:
    found = [(number, inode.link) for number, inode in enumerate(inodes) if inode.link]
    return bytes(array("I", [number for number, _ in found])), b"\0".join([link for _, link in found])


def _groups(inodes: list[Inode]) -> bytes:
    """Numbers of entries that share their inode with another one, then the group of each, from 1."""
    members: dict[int, list[int]] = {}
    for number, inode in enumerate(inodes):
        if inode.linked:
            members.setdefault(id(inode), []).append(number)
    shared = [numbers for numbers in members.values() if len(numbers) > 1]
    pairs = sorted((number, group) for group, numbers in enumerate(shared, 1) for number in numbers)
    return bytes(array("I", [number for number, _ in pairs])) + bytes(
        array("I", [group for _, group in pairs])
    )


def _xattrs(inodes: list[Inode]) -> tuple[bytes, bytes]:
    found = [(number, inode.xattrs) for number, inode in enumerate(inodes) if inode.xattrs]
    values = bytearray()
    for _, xattrs in found:
        values += XATTR_COUNT.pack(len(xattrs))
        for name, value in sorted(xattrs.items()):
            values += XATTR.pack(len(name), len(value)) + name + value
    return bytes(array("I", [number for number, _ in found])), bytes(values)
