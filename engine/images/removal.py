"""Removing images: what goes and what stays is decided once, for the preview and for the deed.

A layer goes when no other image has it and no pull under way counts on it. A container keeps its
image, so it keeps its image's layers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import Conflict
from engine.images.catalogue import Catalogue, ImageRecord
from engine.images.naming import Match, familiar, label
from engine.oci import Digest

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True, slots=True)
class Removal:
    """What removing one name will do.

    :param names: canonical references that go.
    :param image: the image that goes with them; None where it stays.
    :param layers: layers that go with it.
    :param blobs: digests of compressed layers and documents that nothing else needs.
    :param stack: whose seam goes; empty where another image has the same stack.
    """

    names: tuple[str, ...]
    image: ImageRecord | None = None
    layers: tuple[Digest, ...] = ()
    blobs: tuple[Digest, ...] = ()
    stack: tuple[Digest, ...] = ()

    @property
    def unpacked(self) -> int:
        """Bytes of the layers that go, as they lie unpacked."""
        if self.image is None:
            return 0
        sizes = {layer.diff_id: layer.unpacked for layer in self.image.layers}
        return sum(sizes[diff_id] for diff_id in self.layers)


def decide(
    match: Match, catalogue: Catalogue, leased: Collection[str], force: bool, running: Callable[[str], bool]
) -> Removal:
    """What removing the image that a person named will do.

    :param leased: layers and blobs that pulls under way count on.
    :param running: whether a container, by id, runs.
    :raises Conflict: a container needs it, or an id has several names and `force` is not given.
    """
    image = match.image
    if match.name and len(image.names) > 1:
        return Removal((match.name,))
    if len(image.names) > 1 and not force:
        names = ", ".join(familiar(name) for name in image.names)
        raise Conflict(
            f"image {image.id.short} has several names: {names}",
            hint="remove one of them, or all with --force",
        )
    if image.containers:
        _check_containers(image, force, running)
        return Removal(image.names)
    return whole(image, catalogue, leased)


def forget(connection: sqlite3.Connection, removal: Removal) -> None:
    """Take what goes out of the database."""
    connection.executemany("DELETE FROM names WHERE reference = ?", [(name,) for name in removal.names])
    if removal.image is not None:
        connection.execute("DELETE FROM images WHERE id = ?", (removal.image.id,))
    connection.executemany("DELETE FROM layers WHERE diff_id = ?", [(layer,) for layer in removal.layers])


def _check_containers(image: ImageRecord, force: bool, running: Callable[[str], bool]) -> None:
    for container in image.containers:
        if running(container):
            raise Conflict(
                f"image {label(image)} is in use by the running container {container[:12]}",
                hint=f"lamina stop {container[:12]}, then lamina rm {container[:12]}",
            )
    first = image.containers[0][:12]
    if not force or not image.names:
        raise Conflict(
            f"image {label(image)} is in use by the stopped container {first}",
            hint=f"lamina rm {first}" + (", or take the name alone with --force" if image.names else ""),
        )


def whole(image: ImageRecord, catalogue: Catalogue, leased: Collection[str]) -> Removal:
    """What goes when an image goes with all its names, whatever stands on it."""
    others = list(catalogue.others(image))
    kept_layers = {layer.diff_id for other in others for layer in other.layers}.union(leased)
    kept_blobs = {layer.blob_digest for other in others for layer in other.layers}.union(leased)
    for other in others:
        kept_blobs |= {other.id, other.manifest_digest}
    blobs = (image.id, image.manifest_digest, *(layer.blob_digest for layer in image.layers))
    shares_stack = any(other.stack == image.stack for other in others)
    return Removal(
        image.names,
        image,
        layers=tuple(dict.fromkeys(diff_id for diff_id in image.stack if diff_id not in kept_layers)),
        blobs=tuple(dict.fromkeys(digest for digest in blobs if digest not in kept_blobs)),
        stack=() if shares_stack else image.stack,
    )
