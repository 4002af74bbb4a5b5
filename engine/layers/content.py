"""Contents of regular files, from the archive to the disk, hashed on the way."""

from __future__ import annotations

import hashlib
import os

from engine.layers.archive import ArchiveReader
from engine.layers.inode import EMPTY_DIGEST
from engine.layers.member import Member

_ZEROS = memoryview(bytes(1 << 20))


def write_content(descriptor: int, reader: ArchiveReader, member: Member) -> bytes:
    """Write the data of the reader's present member; SHA-256 of the content, holes included."""
    if member.sparse is not None:
        return _write_sparse(descriptor, reader, member.sparse, member.size)
    if not member.size:
        return EMPTY_DIGEST
    digest = hashlib.sha256()
    for piece in reader.data(member.size):
        _write_all(descriptor, piece)
        digest.update(piece)
    return digest.digest()


def hash_content(reader: ArchiveReader, member: Member) -> bytes:
    """SHA-256 of the data of the reader's present member, holes included; nothing is written."""
    digest = hashlib.sha256()
    end = 0
    for offset, length in [(0, member.size)] if member.sparse is None else member.sparse:
        _hash_hole(digest, offset - end)
        for piece in reader.data(length):
            digest.update(piece)
        end = offset + length
    _hash_hole(digest, member.size - end)
    return digest.digest()


def _write_sparse(
    descriptor: int, reader: ArchiveReader, fragments: list[tuple[int, int]], size: int
) -> bytes:
    digest = hashlib.sha256()
    end = 0
    for offset, length in fragments:
        _hash_hole(digest, offset - end)
        os.lseek(descriptor, offset, os.SEEK_SET)
        for piece in reader.data(length):
            _write_all(descriptor, piece)
            digest.update(piece)
        end = offset + length
    _hash_hole(digest, size - end)
    os.ftruncate(descriptor, size)
    return digest.digest()


def _hash_hole(digest: hashlib._Hash, size: int) -> None:
    while size:
        step = min(size, len(_ZEROS))
        digest.update(_ZEROS[:step])
        size -= step


def _write_all(descriptor: int, data: memoryview) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
