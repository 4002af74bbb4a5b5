"""What fronts see of images: plain values, made by this room, drawn by CLI and TUI.

Four words for sizes, the same everywhere:
*compressed* travels, *unpacked* lies on disk, *unique* is what removing would free, *shared* stays.
All sizes are bytes, all times seconds since the epoch.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from engine.oci import Digest


class Role(StrEnum):
    """What a layer is for, in one image."""

    BASE = "base"
    INTERMEDIATE = "intermediate"
    APPLICATION = "application"


class LayerSlice(NamedTuple):
    """One segment of an image's stacked bar."""

    diff_id: Digest
    slot: int  # 0..15, the layer's colour for life
    unpacked: int
    shared: bool  # another local image stands on it too


class ImageSummary(NamedTuple):
    """One image of the store, as a list row.

    :param names: familiar references (`redis:7`), sorted; empty for an image that lost its last tag.
    :param compressed: layers as they travel; here and below a layer that stands twice counts once.
    :param unpacked: layers on disk; the sum of `unique` and `shared`.
    :param unique: unpacked bytes of the layers that no other local image has.
    :param shared: unpacked bytes of the others, which stay when the image goes.
    :param containers: how many stand on it, running or not.
    """

    id: Digest
    names: tuple[str, ...]
    manifest_digest: Digest
    created: float | None
    platform: str
    compressed: int
    unpacked: int
    unique: int
    shared: int
    layers: tuple[LayerSlice, ...]  # base first
    containers: int


class LayerRow(NamedTuple):
    """One layer as it stands in one image.

    :param position: 1 is the base.
    :param used_by: a name (or else an id) of every other local image that has this layer, sorted.
    :param role: see `Role`.
    :param base_of: name of a local image whose stack ends with this layer (and starts this one), or "".
    :param created_by: the history entry that made it, as it came from outside.
    """

    position: int
    diff_id: Digest
    blob_digest: Digest
    slot: int
    compressed: int
    unpacked: int
    entries: int
    used_by: tuple[str, ...]
    role: Role
    base_of: str
    created_by: str
    created: float | None


class HistoryRow(NamedTuple):
    """One instruction of the image's history, with or without a layer of its own."""

    created: float | None
    created_by: str
    comment: str
    position: int | None  # of the layer it made; None where it made none
    unpacked: int


class ImageDetail(NamedTuple):
    """Everything about one image."""

    summary: ImageSummary
    layers: tuple[LayerRow, ...]  # base first
    history: tuple[HistoryRow, ...]  # oldest first
    entrypoint: tuple[str, ...]
    cmd: tuple[str, ...]
    env: tuple[str, ...]
    workdir: str
    user: str
    exposed_ports: tuple[str, ...]
    volumes: tuple[str, ...]
    labels: Mapping[str, str]
    stop_signal: str
    author: str


class PlanLayer(NamedTuple):
    """One layer of an image that may be pulled."""

    position: int
    digest: Digest
    diff_id: Digest
    size: int  # compressed
    here: bool
    slot: int
    kept: int = 0  # of `size`, where the layer is not here: what an interrupted pull left, or the whole blob


class PullPlan(NamedTuple):
    """What a pull would do, from manifest and config alone.

    :param fetch_bytes: compressed bytes of the layers that are not here, without what was kept of them.
    :param total_bytes: compressed bytes of all layers.
    :param disk_bytes: what the store will grow by, blobs and unpacked layers: an estimate, because neither
        manifest nor config says what a layer unpacks to.
    """

    reference: str
    image_id: Digest
    manifest_digest: Digest
    platform: str
    layers: tuple[PlanLayer, ...]
    fetch_bytes: int
    total_bytes: int
    disk_bytes: int = 0


class LayerState(StrEnum):
    """Where one layer stands in a pull."""

    WAITING = "waiting"
    DOWNLOADING = "downloading"
    UNPACKING = "unpacking"  # all bytes are here, the helper is still at work
    DONE = "done"
    HERE = "here"


class LayerProgress(NamedTuple):
    """One step forward of one layer; `done` of `total` compressed bytes.

    :param done: bytes that are here; while unpacking, bytes of these that are unpacked.
    """

    position: int
    state: LayerState
    done: int
    total: int


class PullResult(NamedTuple):
    """What a pull did.

    :param fetched_bytes: layer bytes that really came over the wire; equals the plan's `fetch_bytes`, but for
        what another front brought here meanwhile, and what was kept and proved damaged.
    :param changed: whether the name points elsewhere than before.
    :param notes: what this host could not keep of the layers (devices without the right to make them, …).
    """

    plan: PullPlan
    fetched_bytes: int
    unpacked_bytes: int
    seconds: float
    changed: bool
    notes: tuple[str, ...] = ()

    @property
    def disk_bytes(self) -> int:
        """What the store grew by; to be compared with the plan's."""
        return self.fetched_bytes + self.unpacked_bytes


class RemovedImage(NamedTuple):
    """What a removal did, or would do: names taken away, layers deleted, bytes freed on disk.

    :param untagged: familiar references.
    :param freed: unpacked layers, and the blobs of what went: compressed layers, config and manifest.
    :param freed_unpacked: the unpacked layers alone; the image's `unique`, where the image goes.
    """

    untagged: tuple[str, ...]
    deleted_image: Digest | None
    deleted_layers: tuple[Digest, ...]
    freed: int
    freed_unpacked: int = 0
