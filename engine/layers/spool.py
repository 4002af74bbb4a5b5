"""Contents of single files of a layer's blob, found by their digest and kept in a file without a name."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path

from engine.errors import Corrupt, LimitExceeded
from engine.layers.archive import ArchiveReader
from engine.layers.blob import GrowingBlob
from engine.layers.blocks import BlockStream
from engine.layers.content import write_content
from engine.layers.inode import EMPTY_DIGEST
from engine.layers.limits import Limits
from engine.layers.member import Kind


def unnamed(directory: Path) -> int:
    """A new file that is gone when its descriptor is closed, however that happens; the caller closes it."""
    with tempfile.TemporaryFile(dir=directory, buffering=0) as file:
        return os.dup(file.fileno())


class Spool:
    """Contents that were taken out of archives, by SHA-256.

    A content is known by its digest alone: a table that was verified names it, so paths, links and the
    order of members need not be gone through again.

    :param directory: on whose disk they lie.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file = unnamed(directory)
        weakref.finalize(self, os.close, self._file)
        self._places: dict[bytes, tuple[int, int]] = {EMPTY_DIGEST: (0, 0)}
        self._end = 0

    def gather(self, blob: GrowingBlob, media_type: str, wanted: Mapping[bytes, int]) -> None:
        """Take contents out of a blob, in one pass that ends when all are found.

        :param wanted: bytes of each content, by SHA-256.
        :raises Corrupt: the blob has one of them not. :raises LimitExceeded: the disk has no room for them.
        """
        missing = {digest: size for digest, size in wanted.items() if digest not in self._places}
        if not missing:
            return
        disk = os.fstatvfs(self._file)
        room = disk.f_bavail * disk.f_frsize
        # Twice: each is written by itself first, for it may be sparse, and may turn out to be another one.
        if sum(missing.values()) + max(missing.values()) > room:
            raise LimitExceeded(f"the files have more bytes than the {room} that {self._directory} has free")
        limits = Limits()
        with BlockStream(blob, media_type, limits) as stream:
            self._search(ArchiveReader(stream, limits), missing)
        if missing:
            raise Corrupt("a layer's blob lacks a file that its table names", hint="ask again")

    def open(self, digest: bytes) -> int:
        """A descriptor to read a content that was gathered; the caller closes it."""
        start, size = self._places[digest]
        target = unnamed(self._directory)
        try:
            _copy(self._file, start, target, size)
            os.lseek(target, 0, os.SEEK_SET)
        except BaseException:
            os.close(target)
            raise
        return target

    def _search(self, reader: ArchiveReader, missing: dict[bytes, int]) -> None:
        for member in reader:
            if member.kind is not Kind.FILE or member.size not in missing.values():
                continue
            trial = unnamed(self._directory)
            try:
                digest = write_content(trial, reader, member)
                if missing.pop(digest, None) is not None:
                    self._keep(digest, trial, member.size)
            finally:
                os.close(trial)
            if not missing:
                return

    def _keep(self, digest: bytes, trial: int, size: int) -> None:
        os.lseek(self._file, self._end, os.SEEK_SET)
        _copy(trial, 0, self._file, size)
        self._places[digest] = (self._end, size)
        self._end += size


def _copy(source: int, start: int, target: int, size: int) -> None:
    """Append `size` bytes of a file from `start` on at another one's place."""
    end = start + size
    while start < end:
        copied = os.sendfile(target, source, start, end - start)
        if not copied:
            raise Corrupt("a file of the store became shorter while it was read", hint="ask again")
        start += copied
