"""Removing many images at once: those without a name, or all that are not needed; and what is left over."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.events import Event
from engine.images.catalogue import Catalogue, read_catalogue
from engine.images.leftovers import Leftovers, find_leftovers, remove_leftovers
from engine.images.models import RemovedImage
from engine.images.parts import Parts
from engine.images.removal import Removal, forget, whole
from engine.images.remove import PATIENCE, delete, outcome
from engine.images.trouble import disk_trouble
from engine.store.leases import leased_digests
from engine.store.locks import lock
from engine.store.reserve import with_room
from engine.store.sweep import sweep

if TYPE_CHECKING:
    import sqlite3

_NOW = float("inf")  # everything is older


@dataclass(frozen=True, slots=True)
class PrunedImages:
    """What a prune did, or would do. Sizes are bytes.

    :param images: those that go, each counted as if the ones before were gone already.
    :param leftovers: how many blobs, layers, downloads and half-made things there are of no image;
        `leftover_bytes` in all.
    :param freed: all of it: unpacked layers, blobs and leftovers.
    """

    images: tuple[RemovedImage, ...]
    leftovers: int
    leftover_bytes: int
    freed: int


def preview_prune(parts: Parts, all_unused: bool, gone: Collection[str] = ()) -> PrunedImages:
    """What `prune` would do; see `ImageService.preview_prune`."""
    with parts.database.read() as connection:
        return _told(*_decide(parts, connection, all_unused, gone))


def prune(parts: Parts, all_unused: bool, gone: Collection[str] = ()) -> PrunedImages:
    """Remove what is not needed; see `ImageService.prune`."""
    try:
        return with_room(parts.layout, lambda: _prune(parts, all_unused, gone))
    except OSError as error:
        raise disk_trouble(error) from error


def choose(
    catalogue: Catalogue, leased: Collection[str], all_unused: bool, gone: Collection[str]
) -> list[Removal]:
    """The images that go, one after the other.

    :param all_unused: also those that have a name.
    :param gone: containers that are taken for removed.
    """
    found = []
    for image in catalogue.images:
        if set(image.containers) <= set(gone) and (all_unused or not image.names):
            found.append(whole(image, catalogue, leased))
            catalogue = Catalogue(tuple(catalogue.others(image)))
    return found


def _prune(parts: Parts, all_unused: bool, gone: Collection[str]) -> PrunedImages:
    with lock(parts.layout, "content", timeout=PATIENCE):
        with parts.database.write() as connection:
            outcomes, removals, leftovers = _decide(parts, connection, all_unused, gone)
            for removal in removals:
                forget(connection, removal)
        for removal in removals:
            delete(parts, removal)
        remove_leftovers(parts, leftovers)
    sweep(parts.layout, parts.database)  # leases of the dead
    now = time.time()
    for removed in outcomes:
        for name in removed.untagged:
            parts.journal.append(Event(now, "image", "untag", str(removed.deleted_image), {"name": name}))
        parts.journal.append(Event(now, "image", "delete", str(removed.deleted_image)))
    return _told(outcomes, removals, leftovers)


def _decide(
    parts: Parts, connection: sqlite3.Connection, all_unused: bool, gone: Collection[str]
) -> tuple[list[RemovedImage], list[Removal], Leftovers]:
    removals = choose(read_catalogue(connection), leased_digests(connection), all_unused, gone)
    outcomes = [outcome(parts, removal) for removal in removals]
    return outcomes, removals, find_leftovers(parts, connection, _NOW)


def _told(outcomes: list[RemovedImage], removals: list[Removal], leftovers: Leftovers) -> PrunedImages:
    freed = sum(removed.freed for removed in outcomes) + leftovers.size
    return PrunedImages(tuple(outcomes), leftovers.count, leftovers.size, freed)
