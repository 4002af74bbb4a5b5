"""Images by layers: what each has for itself, what it shares, and what removing some of them frees."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from engine.analysis.images import ImageFacts, LayerFacts
from engine.oci import Digest


@dataclass(frozen=True, slots=True)
class SharedLayer:
    """One layer and the images that stand on it.

    :param images: their ids, in the order they were given.
    """

    layer: LayerFacts
    images: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class ImageShare:
    """One image; bytes unpacked, a layer that stands twice counted once.

    :param unique: of the layers that no other image has; `shared` is the rest.
    """

    id: Digest
    name: str
    unpacked: int
    unique: int
    shared: int


@dataclass(frozen=True, slots=True)
class Freed:
    """What removing images frees, in bytes.

    :param layers: those that only these images have, base first.
    :param unpacked: of these layers, unpacked.
    :param blobs: of what only these images have as it travelled: compressed layers, configs, manifests.
    """

    layers: tuple[Digest, ...]
    unpacked: int
    blobs: int

    @property
    def total(self) -> int:
        """All bytes together, as the removal itself will say."""
        return self.unpacked + self.blobs


@dataclass(frozen=True, slots=True)
class Sharing:
    """A matrix of images and layers.

    :param layers: the most widely shared first, then the largest.
    :param unpacked: bytes of all layers, each once.
    :param saved: bytes that the images would take besides, if each kept its layers for itself.
    :param freed: by removing all of the images that were asked about.
    """

    images: tuple[ImageShare, ...]
    layers: tuple[SharedLayer, ...]
    unpacked: int
    saved: int
    freed: Freed


def sharing(images: Sequence[ImageFacts], asked: Collection[Digest] | None = None) -> Sharing:
    """Who shares what.

    :param images: all images of the store: what is shared depends on all of them.
    :param asked: ids of those to tell of; None for all.
    """
    users = _users(images)
    told = [image for image in images if asked is None or image.id in asked]
    wanted = {image.id for image in told}
    layers = sorted(
        (layer for layer in users.values() if not wanted.isdisjoint(layer.images)),
        key=lambda found: (-len(found.images), -found.layer.unpacked, found.layer.diff_id),
    )
    shares = tuple(_share(image, users) for image in told)
    unpacked = sum(found.layer.unpacked for found in layers)
    return Sharing(
        images=shares,
        layers=tuple(layers),
        unpacked=unpacked,
        saved=sum(share.unpacked for share in shares) - unpacked,
        freed=freed_by(images, wanted),
    )


def freed_by(images: Iterable[ImageFacts], removed: Collection[Digest]) -> Freed:
    """What removing images, by id, frees while the others stay."""
    images = tuple(images)
    going = [image for image in images if image.id in removed]
    staying = [image for image in images if image.id not in removed]
    kept = {layer.diff_id for image in staying for layer in image.layers}
    kept_blobs = {digest for image in staying for digest, _ in image.blobs}
    gone = {layer.diff_id: layer for image in going for layer in image.layers if layer.diff_id not in kept}
    blobs = {digest: size for image in going for digest, size in image.blobs if digest not in kept_blobs}
    return Freed(
        layers=tuple(gone),
        unpacked=sum(layer.unpacked for layer in gone.values()),
        blobs=sum(blobs.values()),
    )


def _users(images: Iterable[ImageFacts]) -> dict[Digest, SharedLayer]:
    found: dict[Digest, SharedLayer] = {}
    for image in images:
        for layer in {layer.diff_id: layer for layer in image.layers}.values():
            before = found.get(layer.diff_id)
            found[layer.diff_id] = SharedLayer(layer, (*(before.images if before else ()), image.id))
    return found


def _share(image: ImageFacts, users: dict[Digest, SharedLayer]) -> ImageShare:
    own = {layer.diff_id: layer.unpacked for layer in image.layers}
    unique = sum(size for diff_id, size in own.items() if len(users[diff_id].images) == 1)
    unpacked = sum(own.values())
    return ImageShare(image.id, image.name, unpacked, unique, unpacked - unique)
