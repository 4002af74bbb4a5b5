"""What the database knows of images, read in one moment: the value that all questions are answered from.

A store has hundreds of images at most, so reading all of them takes a millisecond or two and every
question about sharing is then a pure function.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from engine.oci import Digest

if TYPE_CHECKING:
    import sqlite3


class LayerRecord(NamedTuple):
    """A layer as one image has it; sizes are bytes."""

    diff_id: Digest
    blob_digest: Digest
    compressed: int
    unpacked: int
    entries: int
    slot: int


class ImageRecord(NamedTuple):
    """One image.

    :param names: canonical references, sorted.
    :param layers: base first.
    :param containers: ids of the containers that stand on it.
    """

    id: Digest
    manifest_digest: Digest
    platform: str
    created: float | None
    pulled: float
    names: tuple[str, ...]
    layers: tuple[LayerRecord, ...]
    containers: tuple[str, ...]

    @property
    def stack(self) -> tuple[Digest, ...]:
        """Diff IDs, base first."""
        return tuple(layer.diff_id for layer in self.layers)


@dataclass(frozen=True)
class Catalogue:
    """All images of a store at one moment, the newest first."""

    images: tuple[ImageRecord, ...]

    @cached_property
    def by_id(self) -> dict[Digest, ImageRecord]:
        """Images by id."""
        return {image.id: image for image in self.images}

    @cached_property
    def by_name(self) -> dict[str, ImageRecord]:
        """Images by canonical reference."""
        return {name: image for image in self.images for name in image.names}

    @cached_property
    def users(self) -> Counter[Digest]:
        """How many images stand on a layer."""
        return Counter(diff_id for image in self.images for diff_id in set(image.stack))

    def copies(self, diff_id: Digest) -> Iterator[LayerRecord]:
        """A layer as each image has it, which may be packed differently."""
        return (layer for image in self.images for layer in image.layers if layer.diff_id == diff_id)

    def others(self, image: ImageRecord) -> Iterator[ImageRecord]:
        """All images but one."""
        return (other for other in self.images if other.id != image.id)


def read_catalogue(connection: sqlite3.Connection) -> Catalogue:
    """All images; the connection stands in a transaction, so that they are of one moment."""
    names = _grouped(connection, "SELECT image_id, reference FROM names ORDER BY reference")
    containers = _grouped(connection, "SELECT image_id, id FROM containers ORDER BY id")
    layers: dict[str, list[LayerRecord]] = {}
    for image_id, diff_id, blob_digest, *numbers in connection.execute(
        "SELECT image_id, diff_id, blob_digest, compressed, unpacked, entries, slot FROM image_layers"
        " JOIN layers USING (diff_id) JOIN slots USING (diff_id) ORDER BY image_id, position"
    ):
        record = LayerRecord(Digest(diff_id), Digest(blob_digest), *numbers)
        layers.setdefault(image_id, []).append(record)
    rows = connection.execute(
        "SELECT id, manifest_digest, platform, created, pulled FROM images"
        " ORDER BY created DESC NULLS LAST, pulled DESC, id"
    )
    return Catalogue(
        tuple(
            ImageRecord(
                Digest(image_id),
                Digest(manifest_digest),
                platform,
                created,
                pulled,
                names=tuple(names.get(image_id, ())),
                layers=tuple(layers.get(image_id, ())),
                containers=tuple(containers.get(image_id, ())),
            )
            for image_id, manifest_digest, platform, created, pulled in rows
        )
    )


def read_slots(connection: sqlite3.Connection) -> dict[Digest, int]:
    """The colour slot of every layer that was ever seen."""
    return {Digest(diff_id): slot for diff_id, slot in connection.execute("SELECT diff_id, slot FROM slots")}


def _grouped(connection: sqlite3.Connection, query: str) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for key, value in connection.execute(query):
        groups.setdefault(key, []).append(value)
    return groups
