"""What fronts see of images that are pushed, copied, or have changed in their registry: plain values.

All sizes are bytes as they travel (compressed), all times seconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.oci import Digest


class BlobState(StrEnum):
    """Where one blob stands on its way to a registry."""

    WAITING = "waiting"
    SENDING = "sending"
    THERE = "there"  # it was there before
    MOUNTED = "mounted"  # the registry took it from another of its repositories
    DONE = "done"


@dataclass(frozen=True, slots=True)
class BlobProgress:
    """One step forward of one blob; `done` of `total` bytes are on the other side.

    :param position: 1 is the base layer; configs and other small blobs have 0 and are not told of.
    """

    position: int
    digest: Digest
    state: BlobState
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class PushResult:
    """What a push or a copy did.

    :param source: what was pushed or copied; :param target: where to; both familiar references.
    :param digest: of the manifest or index that `target` names now.
    :param sent_bytes: blobs that travelled to the target.
    :param mounted_bytes: blobs that the registry took from another of its repositories.
    :param there_bytes: blobs that it had.
    :param platforms: how many images went over; 1 but for an index that is copied whole.
    :param notes: what was left out, and why.
    """

    source: str
    target: str
    digest: Digest
    sent_bytes: int
    mounted_bytes: int
    there_bytes: int
    total_bytes: int
    platforms: int
    seconds: float
    notes: tuple[str, ...] = ()


class Standing(StrEnum):
    """How a local tag stands to its registry."""

    CURRENT = "current"
    NEWER = "newer"  # the registry has another image under this name
    GONE = "gone"  # the registry has none
    UNKNOWN = "unknown"  # it did not answer, or does not let us look


@dataclass(frozen=True, slots=True)
class TagStanding:
    """One local tag beside its registry.

    :param remote_digest: of the manifest for the image's platform; None where it is gone or unknown.
    :param fetch_bytes: what an update would fetch; 0 unless newer.
    :param total_bytes: all layers of the newer image.
    :param fetch_layers: how many of its layers are not here; `layers` of them in all.
    :param reason: why it is unknown; "" else.
    """

    name: str
    standing: Standing
    image_id: Digest
    local_digest: Digest
    remote_digest: Digest | None = None
    fetch_bytes: int = 0
    total_bytes: int = 0
    fetch_layers: int = 0
    layers: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseLayer:
    """One layer of a release.

    :param new: the release before did not have it.
    """

    position: int
    digest: Digest
    diff_id: Digest
    size: int
    new: bool
    created_by: str


@dataclass(frozen=True, slots=True)
class Release:
    """One tag of a repository, beside the one before.

    :param also: other tags of the same image.
    :param cost: bytes that whoever had the release before must fetch; all of them for the first.
    :param total: bytes of all its layers.
    :param dropped: layers of the release before that it no longer has.
    """

    tag: str
    also: tuple[str, ...]
    digest: Digest
    created: float | None
    platform: str
    layers: tuple[ReleaseLayer, ...]
    cost: int
    total: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Churn:
    """The last releases of a repository, the oldest first.

    :param tags: how many the repository has in all.
    :param skipped: tags that hold no image for the platform, or none at all, with the reason.
    """

    repository: str
    tags: int
    releases: tuple[Release, ...]
    skipped: tuple[str, ...] = ()
