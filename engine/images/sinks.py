"""Where an archive is written to: a tar file, a stream, or a directory."""

from __future__ import annotations

import hashlib
import os
import stat
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from engine.errors import AlreadyExists, InvalidArgument
from engine.images.archive_models import ArchiveFormat
from engine.layers.removal import remove_tree
from engine.oci.digest import Digest
from engine.store.atomic import sync_directory, write_all, write_atomic

Produce = Callable[[], Iterable[bytes]]
_BLOCK = tarfile.BLOCKSIZE
_BLOBS = "blobs/sha256"


class Sink(Protocol):
    """An archive that is being written."""

    size: int  # bytes so far

    def file(self, name: str, data: bytes) -> None:
        """A small file."""
        ...

    def blob(self, produce: Produce, known: tuple[Digest, int] | None) -> tuple[Digest, int]:
        """A blob; its digest and size.

        :param produce: gives its bytes, the same ones at each call.
        :param known: digest and size, where they are known before.
        """
        ...


@contextmanager
def sink_of(target: Path | int, form: ArchiveFormat) -> Iterator[Sink]:
    """Write an archive; a file or directory appears when the block ends well, whole, or not at all.

    :param target: a path, or an open descriptor that takes the bytes as they come.
    :raises AlreadyExists: the directory is there and not empty.
    """
    if form is ArchiveFormat.OCI_DIRECTORY:
        if not isinstance(target, Path):
            raise InvalidArgument(
                "a directory cannot be written to standard output", hint="say where with -o DIR"
            )
        with _directory(target) as directory:
            yield _DirectorySink(directory)
    elif isinstance(target, Path) and _can_be_replaced(target):
        with _replaced(target) as descriptor:
            yield from _tar(descriptor, patching=True)
    elif isinstance(target, Path):
        descriptor = os.open(target, os.O_WRONLY | os.O_CLOEXEC)
        try:
            yield from _tar(descriptor, patching=False)
        finally:
            os.close(descriptor)
    else:
        yield from _tar(target, patching=False)


def _tar(descriptor: int, *, patching: bool) -> Iterator[Sink]:
    sink = _TarSink(descriptor, patching=patching)
    yield sink
    sink.end()


def _can_be_replaced(target: Path) -> bool:
    """Not a device or a fifo, which keep their name."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return True
    if stat.S_ISDIR(mode):
        raise InvalidArgument(f"{target} is a directory", hint="name a file, or say --format oci-dir")
    return stat.S_ISREG(mode)


class _TarSink:
    """A tar archive, in one pass where headers can be mended afterwards, else each blob in two.

    :param patching: the descriptor is that of a file of our own.
    """

    def __init__(self, descriptor: int, *, patching: bool) -> None:
        self._descriptor = descriptor
        self._patching = patching
        self._written: set[Digest] = set()
        self.size = 0
        for directory in ("blobs", _BLOBS):
            info = _info(directory, 0)
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            self._write(_header(info))

    def file(self, name: str, data: bytes) -> None:
        self._write(_header(_info(name, len(data))))
        self._write(data)
        self._pad(len(data))

    def blob(self, produce: Produce, known: tuple[Digest, int] | None) -> tuple[Digest, int]:
        if known is None and not self._patching:
            known = _measure(produce())
        if known is not None:
            if known[0] in self._written:
                return known
            self._write(_header(_blob_info(*known)))
        place = self.size
        if known is None:
            self._write(bytes(_BLOCK))
        found = self._copy(produce())
        self._pad(found[1])
        if known is None:
            os.pwrite(self._descriptor, _header(_blob_info(*found)), place)
        assert known in (None, found)  # whoever produces has verified it
        self._written.add(found[0])
        return found

    def end(self) -> None:
        """The two empty blocks that end an archive."""
        self._write(bytes(2 * _BLOCK))

    def _copy(self, chunks: Iterable[bytes]) -> tuple[Digest, int]:
        def written() -> Iterator[bytes]:
            for chunk in chunks:
                self._write(chunk)
                yield chunk

        return _measure(written())

    def _pad(self, size: int) -> None:
        self._write(bytes(-size % _BLOCK))

    def _write(self, data: bytes) -> None:
        write_all(self._descriptor, data)
        self.size += len(data)


class _DirectorySink:
    """An OCI image layout in a directory of our own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._blobs = directory / _BLOBS
        self._blobs.mkdir(parents=True)
        self.size = 0

    def file(self, name: str, data: bytes) -> None:
        write_atomic(self._directory / name, data)
        self.size += len(data)

    def blob(self, produce: Produce, known: tuple[Digest, int] | None) -> tuple[Digest, int]:
        if known is not None and (self._blobs / known[0].hex).exists():
            return known
        temporary = self._blobs / ".tmp-blob"
        with temporary.open("wb", buffering=0) as file:
            digest, size = _measure(_through(file.fileno(), produce()))
            os.fsync(file.fileno())
        temporary.rename(self._blobs / digest.hex)
        self.size += size
        return digest, size


def _through(descriptor: int, chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        write_all(descriptor, chunk)
        yield chunk


def _measure(chunks: Iterable[bytes]) -> tuple[Digest, int]:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    return Digest.from_hex(digest.hexdigest()), size


def _blob_info(digest: Digest, size: int) -> tarfile.TarInfo:
    return _info(f"{_BLOBS}/{digest.hex}", size)


def _info(name: str, size: int) -> tarfile.TarInfo:
    # No times and no owners: the same images give the same archive.
    info = tarfile.TarInfo(name)
    info.size = size
    return info


def _header(info: tarfile.TarInfo) -> bytes:
    # GNU form: one block whatever the size, so that it can be mended in its place.
    data = info.tobuf(tarfile.GNU_FORMAT)
    assert len(data) == _BLOCK
    return data


@contextmanager
def _replaced(target: Path) -> Iterator[int]:
    temporary = target.with_name(f".{target.name[:200]}.{os.urandom(4).hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
        os.fsync(descriptor)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    sync_directory(target.parent)


@contextmanager
def _directory(target: Path) -> Iterator[Path]:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise AlreadyExists(f"{target} is there and not empty", hint="name a new directory")
    temporary = target.with_name(f".{target.name[:200]}.{os.urandom(4).hex()}")
    temporary.mkdir()
    try:
        yield temporary
        temporary.rename(target)
    except BaseException:
        remove_tree(temporary)
        raise
    sync_directory(target.parent)
