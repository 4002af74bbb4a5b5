"""The helper process of an import: an archive on standard input becomes the content of a directory."""

from __future__ import annotations

import os
import sys

from engine.errors import LaminaError, Malformed, Unavailable
from engine.layers.archive import ArchiveReader
from engine.layers.blocks import BlockStream
from engine.layers.disk import Disk
from engine.layers.inode import Directory, Inode
from engine.layers.limits import Limits
from engine.layers.member import Kind
from engine.layers.protocol import Done, encode_done, encode_failure
from engine.layers.unpack import Unpacker

_STDIN, _STDOUT = 0, 1


class _Stream:
    """Standard input as a source that can be looked at before it is read.

    :ivar offset: bytes that were read.
    """

    def __init__(self) -> None:
        self._ahead = b""
        self.offset = 0

    def peek(self, size: int) -> bytes:
        """The next bytes without taking them."""
        while len(self._ahead) < size and (data := os.read(_STDIN, 1 << 16)):
            self._ahead += data
        return self._ahead[:size]

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; nothing at the end."""
        if self._ahead:
            size = len(self._ahead) if size < 0 else size
            data, self._ahead = self._ahead[:size], self._ahead[size:]
        else:
            data = os.read(_STDIN, 1 << 17 if size < 0 else size)
        self.offset += len(data)
        return data


def main() -> int:
    """`python -m engine.volumes.unpacking DESCRIPTOR`; answers one line, see `engine.layers.protocol`."""
    target = int(sys.argv[1])
    os.umask(0)
    try:
        answer, status = encode_done(_unpack(target)), 0
    except LaminaError as error:
        answer, status = encode_failure(error), 1
    except OSError as error:
        failure = Unavailable(f"the archive cannot be unpacked: {error.strerror}", hint="check the disk")
        answer, status = encode_failure(failure), 1
    os.write(_STDOUT, answer)
    return status


def _unpack(target: int) -> Done:
    disk = os.fstatvfs(target)
    limits = Limits(unpacked=min(Limits().unpacked, disk.f_bavail * disk.f_frsize))
    source = _Stream()
    if not source.peek(1):
        raise Malformed("the archive is empty", hint="check what wrote it")
    with BlockStream(source, "", limits) as stream:
        unpacker = Unpacker(ArchiveReader(stream, limits), Disk(target), limits, whiteouts=False)
        unpacker.run()
    if _has_foreign_link(unpacker.root):
        raise Malformed("the archive has a hard link to a file that it does not have")
    return Done(unpacker.content_bytes, unpacker.entries, tuple(unpacker.notes))


def _has_foreign_link(top: Inode) -> bool:
    pending = [top]
    for inode in pending:
        if inode.kind is Kind.HARDLINK:
            return True
        if isinstance(inode, Directory):
            pending += inode.children.values()
    return False


if __name__ == "__main__":
    raise SystemExit(main())
