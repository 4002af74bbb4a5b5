"""The deed of a removal: names and rows in one transaction, then what lies on disk.

Rows go first: a crash in between leaves bytes that nobody sees, and the sweep finds them.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.events import Event
from engine.images.catalogue import read_catalogue
from engine.images.models import RemovedImage
from engine.images.naming import familiar, find
from engine.images.parts import Parts
from engine.images.removal import Removal, decide, forget
from engine.images.sweeping import sweep_leftovers
from engine.images.trouble import disk_trouble
from engine.layers.seam import remove_seam
from engine.store.leases import leased_digests
from engine.store.locks import lock
from engine.store.reserve import with_room

PATIENCE = 60.0  # seconds to wait for another removal; deleting many files takes a while

_DELETED_AT_ONCE = 4


def preview(parts: Parts, name: str, force: bool, running: Callable[[str], bool]) -> RemovedImage:
    """What `remove` would do; see `ImageService.preview_remove`."""
    with parts.database.read() as connection:
        catalogue = read_catalogue(connection)
        removal = decide(find(catalogue, name), catalogue, leased_digests(connection), force, running)
    return outcome(parts, removal)


def remove(parts: Parts, name: str, force: bool, running: Callable[[str], bool]) -> RemovedImage:
    """Remove an image or one of its names; see `ImageService.remove`."""
    return with_room(parts.layout, lambda: _remove(parts, name, force, running))


def _remove(parts: Parts, name: str, force: bool, running: Callable[[str], bool]) -> RemovedImage:
    sweep_leftovers(parts)
    # Held over both steps: a pull that plans meanwhile would count on layers that are about to go.
    with lock(parts.layout, "content", timeout=PATIENCE):
        with parts.database.write() as connection:
            catalogue = read_catalogue(connection)
            match = find(catalogue, name)
            removal = decide(match, catalogue, leased_digests(connection), force, running)
            removed = outcome(parts, removal)
            forget(connection, removal)
        try:
            delete(parts, removal)
        except OSError as error:
            raise disk_trouble(error) from error
    now = time.time()
    for untagged in removed.untagged:
        parts.journal.append(Event(now, "image", "untag", match.image.id, {"name": untagged}))
    if removed.deleted_image is not None:
        parts.journal.append(Event(now, "image", "delete", match.image.id))
    return removed


def outcome(parts: Parts, removal: Removal) -> RemovedImage:
    """What a removal does, as fronts see it; sizes are those that lie on disk now."""
    blobs = sum(parts.blobs.size(digest) for digest in removal.blobs)
    return RemovedImage(
        untagged=tuple(map(familiar, removal.names)),
        deleted_image=removal.image.id if removal.image else None,
        deleted_layers=removal.layers,
        freed=removal.unpacked + blobs,
        freed_unpacked=removal.unpacked,
    )


def delete(parts: Parts, removal: Removal) -> None:
    """Delete from disk what a removal takes, when no row names it any more."""
    from concurrent.futures import ThreadPoolExecutor

    # Several at once: whoever deletes waits for the disk most of the time.
    with ThreadPoolExecutor(_DELETED_AT_ONCE) as pool:
        jobs = [pool.submit(parts.layers.remove, diff_id) for diff_id in removal.layers]
        jobs += [pool.submit(parts.blobs.remove, digest) for digest in removal.blobs]
        for job in jobs:
            job.result()
    if removal.stack:
        remove_seam(parts.layout, removal.stack)
