"""How an archive comes in: a file, a directory or a stream, packed or not, made readable at any place."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import (
    InvalidArgument,
    LaminaError,
    LimitExceeded,
    NotFound,
    NotSupported,
    PermissionDenied,
)
from engine.images.bundle import Bundle, DirectoryBundle, TarBundle
from engine.layers.compression import GZIP_MAGIC, ZSTD_MAGIC, inflate
from engine.layers.limits import Limits
from engine.store.atomic import write_all
from engine.store.layout import Layout

_STEP = 1 << 20
_WRITERS = "give what docker save, podman save, skopeo copy or lamina save wrote"
_OTHERS = {b"\xfd7zXZ": "xz", b"BZh": "bzip2"}


@contextmanager
def told_of(source: Path | int) -> Iterator[None]:
    """Let what is wrong with an archive, found in the block, say which one."""
    try:
        yield
    except (InvalidArgument, LimitExceeded, NotFound) as error:
        name = str(source) if isinstance(source, Path) else "standard input"
        raise type(error)(f"{name}: {error.message}", hint=error.hint or _WRITERS) from error


@contextmanager
def opened(layout: Layout, source: Path | int) -> Iterator[Bundle]:
    """An archive, readable for the length of the block.

    What cannot be read at any place (a pipe, a packed archive) is first written to a file without a name in
    the store, which is gone when the block ends, however it ends.

    :param source: a path, or an open descriptor, which stays the caller's.
    :raises NotFound: there is no such file.
    :raises NotSupported: it is packed in another way than gzip or zstd.
    """
    descriptor = _open(source) if isinstance(source, Path) else os.dup(source)
    with told_of(source):
        bundle = _bundle(layout, descriptor)
    try:
        yield bundle
    finally:
        bundle.close()


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotFound(
            f"there is no file {path}", hint="give the archive with -i, or on standard input"
        ) from None
    except PermissionError as error:
        raise PermissionDenied(f"{path} cannot be read: {error.strerror}") from error
    except OSError as error:
        raise InvalidArgument(f"{path} cannot be read: {error.strerror}") from error


def _bundle(layout: Layout, descriptor: int) -> Bundle:
    """The bundle of a descriptor, which becomes its own."""
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            return DirectoryBundle(os.dup(descriptor))
        source = Stream(descriptor)
        magic = source.peek(6)
        if not magic:
            raise InvalidArgument(
                "the archive is empty", hint="give an archive made by save, podman or skopeo"
            )
        _refuse_others(magic)
        if stat.S_ISREG(mode) and not _is_packed(magic):
            return TarBundle(os.dup(descriptor))
        return TarBundle(_spooled(layout, source))
    finally:
        os.close(descriptor)


def _is_packed(magic: bytes) -> bool:
    return magic.startswith((GZIP_MAGIC, ZSTD_MAGIC))


def _refuse_others(magic: bytes) -> None:
    for start, name in _OTHERS.items():
        if magic.startswith(start):
            raise NotSupported(
                f"the archive is packed with {name}",
                hint=f"unpack it on the way: {name} -dc FILE | lamina load",
            )


def _spooled(layout: Layout, source: Stream) -> int:
    """The unpacked bytes in a file of the store that has no name; its descriptor."""
    disk = os.statvfs(layout.ingest)
    room = disk.f_bavail * disk.f_frsize
    stream = inflate(source, limits=Limits())
    with tempfile.TemporaryFile(dir=layout.ingest, buffering=0) as file:
        buffer = memoryview(bytearray(_STEP))
        written = 0
        while size := stream.readinto(buffer):
            written += size
            if written > room:
                raise _no_room(layout, room)
            write_all(file.fileno(), buffer[:size])
        return os.dup(file.fileno())


def _no_room(layout: Layout, room: int) -> LaminaError:
    return LimitExceeded(
        f"the archive unpacks to more than the {room} bytes that {layout.root} has free",
        hint="give it unpacked, as a file with -i, which needs no copy; or make room: lamina system prune",
    )


class Stream:
    """A descriptor as a source of compressed bytes, from its present place on."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._seekable = stat.S_ISREG(os.fstat(descriptor).st_mode)
        self._ahead = b""
        self.offset = 0

    def peek(self, size: int) -> bytes:
        """See `engine.layers.compression.Source`."""
        while len(self._ahead) < size and (data := self._load(size)):
            self._ahead += data
        return self._ahead[:size]

    def read(self, size: int = -1, /) -> bytes:
        """See `engine.layers.compression.Source`."""
        want = _STEP if size < 0 else size
        if self._ahead:
            data, self._ahead = self._ahead[:want], self._ahead[want:]
        else:
            data = self._load(want)
        self.offset += len(data)
        return data

    def _load(self, size: int) -> bytes:
        if not self._seekable:
            return os.read(self._descriptor, size)
        # Not moving the descriptor's own place, which others may share.
        return os.pread(self._descriptor, size, self.offset + len(self._ahead))
