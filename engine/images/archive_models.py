"""What fronts see of archives of images: plain values. All sizes are bytes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.oci import Digest


class ArchiveFormat(StrEnum):
    """The form of an archive that is written.

    DOCKER: what `docker load` takes; an OCI image layout is inside, as new versions of Docker write it.
    OCI: an OCI image layout in a tar file. OCI_DIRECTORY: the same in a directory.
    """

    DOCKER = "docker-archive"
    OCI = "oci"
    OCI_DIRECTORY = "oci-dir"


class Compression(StrEnum):
    """How layers are packed in an archive. KEPT: as they came."""

    KEPT = "kept"
    GZIP = "gzip"
    ZSTD = "zstd"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class LoadedImage:
    """One image that an archive brought.

    :param names: familiar references that name it now.
    :param read_bytes: of layers, as they lie in the archive, that were missing here.
    :param changed: whether a name points elsewhere than before.
    """

    id: Digest
    names: tuple[str, ...]
    platform: str
    read_bytes: int
    unpacked_bytes: int
    changed: bool


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a load did; :param notes: what was passed over or could not be kept."""

    images: tuple[LoadedImage, ...]
    seconds: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedImage:
    """One image of an archive that was written.

    :param names: familiar references that it has there.
    :param manifest_digest: of the manifest in the archive; the store's own where that could be kept.
    """

    id: Digest
    names: tuple[str, ...]
    manifest_digest: Digest


@dataclass(frozen=True, slots=True)
class SaveResult:
    """What a save did.

    :param size: bytes of the archive.
    :param notes: where what was written differs from what is here.
    """

    images: tuple[SavedImage, ...]
    size: int
    seconds: float
    notes: tuple[str, ...] = ()
