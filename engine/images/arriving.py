"""What a pull and a load have in common: lease, layers that come, and the moment an image becomes known."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from engine.events import Event
from engine.images.catalogue import read_slots
from engine.images.commit import commit_image
from engine.images.expecting import expect_unpacked
from engine.images.models import LayerProgress, PullPlan
from engine.images.offload import leaf, settled
from engine.images.parts import Parts
from engine.images.plan import make_plan
from engine.images.progress import Meter
from engine.images.recipe import make_recipe, write_recipe
from engine.images.remote import RemoteImage
from engine.images.slots import remember_slots
from engine.images.transfer import Arrival, Transfer
from engine.oci.digest import Digest
from engine.store.leases import drop_lease, lease_name, take_lease
from engine.store.locks import lock
from engine.store.reserve import fill_reserve

OnProgress = Callable[[LayerProgress], None]


@asynccontextmanager
async def leased_image(parts: Parts, image: RemoteImage) -> AsyncIterator[PullPlan]:
    """Hold a lease on all that the image is made of; gives the plan, which therefore stays true."""
    name = lease_name()
    try:
        yield await settled(lambda: _lease(parts, name, image))
    finally:
        await settled(lambda: _release(parts, name))


def _lease(parts: Parts, name: str, image: RemoteImage) -> PullPlan:
    fill_reserve(parts.layout)
    # Whoever removes holds this lock alone: what is seen as here now is not just being deleted.
    with lock(parts.layout, "content", shared=True), parts.database.write() as connection:
        take_lease(connection, name, image.digests)
        here = layers_here(parts, image)
        unpacked = expect_unpacked(parts, connection, image, here)
        made = make_plan(image, here, read_slots(connection), bytes_kept(parts, image, here), unpacked)
        remember_slots(connection, {layer.diff_id: layer.slot for layer in made.layers})
    return made


def _release(parts: Parts, name: str) -> None:
    with parts.database.write() as connection:
        drop_lease(connection, name)


def layers_here(parts: Parts, image: RemoteImage) -> set[Digest]:
    """The layers of an image that stand."""
    return {diff_id for diff_id in image.config.diff_ids if parts.layers.has(diff_id)}


def bytes_kept(parts: Parts, image: RemoteImage, here: Collection[Digest]) -> dict[Digest, int]:
    """Compressed bytes that need not travel for layers that are not here, by diff ID.

    An interrupted pull left them, or the blob is here whole while its layer is not.
    """
    kept = {}
    for layer in image.layers:
        blob = layer.descriptor
        if layer.diff_id in here:
            continue
        if parts.blobs.has(blob.digest):
            kept[layer.diff_id] = blob.size
            continue
        with suppress(FileNotFoundError):
            size = (parts.layout.ingest / blob.digest.hex).stat().st_size
            if 0 < size <= blob.size:  # one that is longer is begun anew
                kept[layer.diff_id] = size
    return kept


async def bring_all(
    transfer: Transfer, image: RemoteImage, on_progress: OnProgress | None
) -> dict[Digest, Arrival]:
    """Let all layers of an image stand, several at a time; the first that fails stops the others."""
    # The largest first: it takes longest, and what begins last must be short.
    order = sorted(image.layers, key=lambda layer: layer.descriptor.size, reverse=True)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = {
                layer.diff_id: group.create_task(
                    transfer.bring(layer, Meter(layer.positions, layer.descriptor.size, on_progress))
                )
                for layer in order
            }
    except BaseExceptionGroup as errors:
        raise leaf(errors) from None
    return {diff_id: task.result() for diff_id, task in tasks.items()}


def commit(
    parts: Parts,
    image: RemoteImage,
    arrivals: Mapping[Digest, Arrival],
    action: str,
    names: Sequence[str] | None = None,
) -> bool:
    """Make an image known whose layers all stand; whether a name points elsewhere than before.

    :param action: what the journal calls it.
    :param names: canonical references it gets; its own where None.
    """
    parts.blobs.put(image.config.raw)
    parts.blobs.put(image.manifest.raw)
    usages = {diff_id: arrival.usage for diff_id, arrival in arrivals.items()}
    recipe = make_recipe(parts, image.id, image.config.diff_ids, image.config.run)
    with parts.database.write() as connection:
        changed = commit_image(connection, image, usages, time.time(), names)
        write_recipe(connection, recipe)
    parts.journal.append(Event(time.time(), "image", action, image.id, {"name": image.label}))
    return changed


def notes_of(arrivals: Mapping[Digest, Arrival]) -> tuple[str, ...]:
    """What this host could not keep of the layers, each note once."""
    return tuple(dict.fromkeys(note for arrival in arrivals.values() for note in arrival.usage.notes))
