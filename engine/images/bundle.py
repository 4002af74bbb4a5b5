"""An archive of images as named pieces: a tar file or a directory, read in place and never led outside."""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from engine.errors import LimitExceeded, Malformed
from engine.launch.syscalls import RESOLVE_BENEATH, RESOLVE_NO_MAGICLINKS, openat2
from engine.layers.archive import ArchiveReader
from engine.layers.blocks import BLOCK
from engine.layers.limits import Limits
from engine.layers.member import Kind
from engine.oci.quote import quoted

_CHUNK = 1 << 20
# An image has a few hundred pieces at most, and nobody puts thousands of images into one archive.
_LIMITS = Limits(unpacked=1 << 50, entries=100_000, text=32 << 20)
_LINKS = 8  # links from one name to another, before we take it for a circle
_BLOBS = "blobs/"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of an open file; valid until its bundle is closed.

    :param offset: where they begin; :param size: how many there are.
    """

    name: str
    descriptor: int
    offset: int
    size: int

    def read(self, limit: int) -> bytes:
        """All bytes.

        :raises LimitExceeded: there are more than `limit`.
        """
        if self.size > limit:
            raise LimitExceeded(f"{quoted(self.name)} has {self.size} bytes, more than {limit}")
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """All bytes, in order."""
        done = 0
        while done < self.size:
            data = self.at(done)
            done += len(data)
            yield data

    def at(self, done: int, most: int = _CHUNK) -> bytes:
        """At least one byte and at most `most`, from `done` on.

        :raises Malformed: the file is shorter than it was.
        """
        data = os.pread(self.descriptor, min(most, self.size - done), self.offset + done)
        if not data:
            raise Malformed(f"{quoted(self.name)} ends after {done} of {self.size} bytes")
        return data


class Bundle(Protocol):
    """What both forms of an archive can do."""

    def find(self, name: str) -> Piece | None:
        """The piece of a name, following links of the archive; None where there is none.

        :raises Malformed: the name, or a link, leads outside.
        """
        ...

    def close(self) -> None:
        """Give back what is open."""
        ...


class TarBundle:
    """A tar archive in a file that can be read at any place.

    :param descriptor: becomes the bundle's own.
    :raises Malformed: it is no tar archive, or names something twice.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._pieces: dict[str, Piece] = {}
        self._links: dict[str, str] = {}
        try:
            self._index()
        except BaseException:
            self.close()
            raise

    def find(self, name: str) -> Piece | None:
        """See `Bundle.find`."""
        name = inside(name)
        for _ in range(_LINKS):
            if name not in self._links:
                return self._pieces.get(name)
            name = self._links[name]
        raise Malformed(f"the archive's links go round in circles at {quoted(name)}")

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _index(self) -> None:
        blocks = _FileBlocks(self._descriptor)
        text = _LIMITS.text
        for count, member in enumerate(ArchiveReader(blocks, _LIMITS)):
            text -= len(member.name) + len(member.link)
            if count >= _LIMITS.entries or text < 0:
                raise LimitExceeded(f"the archive has more than {_LIMITS.entries} entries, or names too long")
            name = inside(os.fsdecode(member.name))
            if member.kind is Kind.FILE:
                if member.sparse is not None:
                    raise Malformed(f"the archive's file {quoted(name)} is sparse")
                self._add(Piece(name, self._descriptor, blocks.position, member.size))
            elif member.kind is Kind.SYMLINK:
                # Old versions of Docker write a layer once, and links to it: ../<id>/layer.tar.
                target = posixpath.join(posixpath.dirname(name), os.fsdecode(member.link))
                self._links[name] = inside(target)
            elif member.kind is Kind.HARDLINK:
                self._links[name] = inside(os.fsdecode(member.link))

    def _add(self, piece: Piece) -> None:
        known = self._pieces.get(piece.name)
        if known is None and piece.name not in self._links:
            self._pieces[piece.name] = piece
        elif known is None or not piece.name.startswith(_BLOBS) or known.size != piece.size:
            # Readers that take the first and readers that take the last would see two archives. Blobs are
            # known by their digest, so which of two is read does not matter.
            raise Malformed(f"the archive has {quoted(piece.name)} twice")


class DirectoryBundle:
    """A directory, such as an OCI image layout.

    :param descriptor: of the directory; becomes the bundle's own.
    """

    def __init__(self, descriptor: int) -> None:
        self._root = descriptor
        self._open: dict[str, Piece] = {}

    def find(self, name: str) -> Piece | None:
        """See `Bundle.find`."""
        name = inside(name)
        if name not in self._open:
            found = self._find(name)
            if found is None:
                return None
            self._open[name] = found
        return self._open[name]

    def close(self) -> None:
        """Close all files and the directory."""
        for piece in self._open.values():
            os.close(piece.descriptor)
        self._open.clear()
        os.close(self._root)

    def _find(self, name: str) -> Piece | None:
        try:
            # Not blocking: a fifo of that name must not hold us up.
            flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = openat2(
                self._root, os.fsencode(name), flags, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS
            )
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno in (errno.EXDEV, errno.ELOOP):
                raise Malformed(f"{quoted(name)} leads out of the directory") from error
            raise
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise Malformed(f"{quoted(name)} is no regular file")
        return Piece(name, descriptor, 0, status.st_size)


def inside(name: str) -> str:
    """A name without `.`, `..` and double slashes.

    :raises Malformed: it leads outside.
    """
    normal = posixpath.normpath(name)
    if normal.startswith(("/", "../")) or normal == ".." or "\0" in normal:
        raise Malformed(f"the archive has the name {quoted(name)}, which leads out of it")
    return normal


class _FileBlocks:
    """A file as `ArchiveReader` wants it, at a known position."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size
        self.position = 0

    def block(self) -> bytes:
        data = os.pread(self._descriptor, BLOCK, self.position)
        if data and len(data) < BLOCK:
            raise Malformed("the archive ends within a block")
        self.position += len(data)
        return data

    def take(self, limit: int) -> memoryview:
        data = os.pread(self._descriptor, min(limit, _CHUNK), self.position)
        if not data:
            raise Malformed("the archive ends within a member's data")
        self.position += len(data)
        return memoryview(data)

    def skip(self, size: int) -> None:
        self.position += size
        if self.position > self._size:
            raise Malformed("the archive ends within a member's data")
