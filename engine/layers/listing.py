"""A layer's file table from its blob alone: read, verified and hashed as in an unpack; nothing is written."""

from __future__ import annotations

from engine.layers.archive import ArchiveReader
from engine.layers.blob import GrowingBlob
from engine.layers.blocks import BlockStream
from engine.layers.content import hash_content
from engine.layers.disk import Disk
from engine.layers.inode import Directory, Inode
from engine.layers.limits import Limits
from engine.layers.member import Member
from engine.layers.table_writer import encode_table
from engine.layers.unpack import Unpacker
from engine.layers.verified import read_verified


def list_layer(
    blob: GrowingBlob, media_type: str, digest: str, diff_id: str, limits: Limits | None = None
) -> bytes:
    """The file table of a layer, as an unpack on a host that refuses nothing would write it.

    :param digest: SHA-256 in hex that the blob must have; :param diff_id: that of the archive in it.
    :raises DigestMismatch: the blob or the archive in it is not what the manifest says.
    :raises Malformed: it is, and breaks its format.
    :raises LimitExceeded: it is larger than `limits` allow.
    """
    bounds = limits or Limits()
    root = read_verified(blob, media_type, digest, diff_id, bounds, lambda stream: _list(stream, bounds))
    return encode_table(root, bounds)


def _list(stream: BlockStream, limits: Limits) -> Directory:
    unpacker = Unpacker(ArchiveReader(stream, limits), _Nowhere(), limits)
    unpacker.run()
    return unpacker.root


class _Nowhere(Disk):
    """Takes everything and makes nothing."""

    def __init__(self) -> None:
        # Nothing of the base class is set up: there is no directory, and all that would touch it is below.
        self.refused_owners = 0
        self.refused_xattrs = set()

    def file(self, parent: Directory, name: bytes, member: Member, reader: ArchiveReader) -> bytes:
        return hash_content(reader, member)

    def directory(self, parent: Directory, name: bytes) -> None:
        pass

    def finish_directory(self, directory: Directory) -> None:
        pass

    def symlink(self, parent: Directory, name: bytes, member: Member) -> None:
        pass

    def link(
        self, old_parent: Directory, old_name: bytes, parent: Directory, name: bytes, inode: Inode
    ) -> None:
        pass

    def node(self, parent: Directory, name: bytes, member: Member) -> bool:
        return True

    def whiteout(self, parent: Directory, name: bytes) -> None:
        pass

    def remove(self, parent: Directory, name: bytes, inode: Inode) -> None:
        pass

    def close(self) -> None:
        pass
