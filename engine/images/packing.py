"""A layer's blob as an archive shall have it: as it lies here, unpacked, or packed anew."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import Corrupt, LaminaError
from engine.images.archive_models import Compression
from engine.images.docker_archive import layer_type
from engine.layers.blob import GrowingBlob
from engine.layers.compression import inflate
from engine.oci import media
from engine.oci.digest import Digest

_STEP = 1 << 20
GZIP_LEVEL = 2  # of isal: three quarters of the way to zlib's default, at five times its speed
GZIP_FRAME = 31  # wbits of a gzip stream with the largest window
_TYPES = {
    Compression.GZIP: media.OCI_LAYER_GZIP,
    Compression.ZSTD: media.OCI_LAYER_ZSTD,
    Compression.NONE: media.OCI_LAYER,
}


@dataclass(frozen=True, slots=True)
class Packing:
    """One layer and how it is to be written.

    :param path: a blob that is here; :param digest: its digest.
    :param present: media type of what it is; :param wanted: of what it shall be.
    """

    path: Path
    digest: Digest
    diff_id: Digest
    present: str
    wanted: str

    @property
    def known(self) -> tuple[Digest, int] | None:
        """Digest and size of what will be written, where no work is needed to tell."""
        if self.present != self.wanted:
            return None
        return self.digest, self.path.stat().st_size

    def chunks(self) -> Iterator[bytes]:
        """The bytes to write; verified, so it raises before the last of wrong ones.

        :raises Corrupt: the blob is damaged.
        """
        if self.present == self.wanted:
            yield from _verified(_read(self.path), self.digest, self.digest)
            return
        plain = _verified(self._inflated(), self.diff_id, self.digest)
        if self.wanted == media.OCI_LAYER_GZIP:
            yield from _gzip(plain)
        elif self.wanted == media.OCI_LAYER_ZSTD:
            yield from _zstd(plain)
        else:
            yield from plain

    def _inflated(self) -> Iterator[bytes]:
        with self.path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            blob = GrowingBlob(file.fileno(), size)
            blob.grown(size)
            try:
                stream = inflate(blob)
                buffer = memoryview(bytearray(_STEP))
                while count := stream.readinto(buffer):
                    yield bytes(buffer[:count])
            except LaminaError as error:
                raise _damaged(self.digest) from error


def packing(path: Path, digest: Digest, diff_id: Digest, compression: Compression) -> Packing:
    """How to write a layer whose blob is here.

    :raises Corrupt: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            present = layer_type(file.read(4))
    except OSError as error:
        raise Corrupt(f"blob {digest} cannot be read: {error.strerror}") from error
    return Packing(path, digest, diff_id, present, _TYPES.get(compression, present))


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while data := file.read(_STEP):
            yield data


def _verified(chunks: Iterable[bytes], expected: Digest, blob: Digest) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
    if digest.hexdigest() != expected.hex:
        raise _damaged(blob)


def _damaged(blob: Digest) -> Corrupt:
    return Corrupt(f"blob {blob} is damaged on disk", hint="lamina system check --repair fetches it again")


def _gzip(plain: Iterable[bytes]) -> Iterator[bytes]:
    from isal import isal_zlib

    compressor = isal_zlib.compressobj(GZIP_LEVEL, isal_zlib.DEFLATED, GZIP_FRAME)
    for chunk in plain:
        yield compressor.compress(chunk)
    yield compressor.flush()


def _zstd(plain: Iterable[bytes]) -> Iterator[bytes]:
    import zstandard

    compressor = zstandard.ZstdCompressor(level=3, write_checksum=True).compressobj()
    for chunk in plain:
        yield compressor.compress(chunk)
    yield compressor.flush()
