"""Pulling an image: plan, bring the missing layers here, and make it known when all of them stand."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from engine.errors import Unavailable
from engine.events import Event
from engine.images.catalogue import read_slots
from engine.images.commit import commit_image
from engine.images.models import LayerProgress, PullPlan, PullResult
from engine.images.offload import leaf, settled
from engine.images.parts import Parts
from engine.images.plan import make_plan
from engine.images.progress import Meter
from engine.images.recipe import make_recipe, write_recipe
from engine.images.remote import RemoteImage, fetch_image
from engine.images.slots import remember_slots
from engine.images.sweeping import sweep_leftovers
from engine.images.transfer import Arrival, Transfer
from engine.images.trouble import disk_trouble
from engine.oci.digest import Digest
from engine.oci.reference import Reference
from engine.registry import RegistryClient
from engine.store.leases import drop_lease, lease_name, take_lease
from engine.store.locks import lock

OnPlan = Callable[[PullPlan], None]
OnProgress = Callable[[LayerProgress], None]


async def plan(parts: Parts, reference: str, platform: str) -> PullPlan:
    """What a pull would do; asks the registry, changes nothing."""
    async with RegistryClient(parts.settings) as client:
        image = await fetch_image(client, Reference.parse(reference), platform)
    return await settled(lambda: _plan(parts, image))


async def pull(
    parts: Parts, reference: str, platform: str, on_plan: OnPlan | None, on_progress: OnProgress | None
) -> PullResult:
    """Bring an image here; see `ImageService.pull`."""
    try:
        return await _pull(parts, Reference.parse(reference), platform, on_plan, on_progress)
    except OSError as error:
        raise disk_trouble(error) from error


async def _pull(
    parts: Parts, reference: Reference, platform: str, on_plan: OnPlan | None, on_progress: OnProgress | None
) -> PullResult:
    begun = time.monotonic()
    await settled(lambda: sweep_leftovers(parts))
    async with RegistryClient(parts.settings) as client:
        image = await fetch_image(client, reference, platform)
        async with _leased(parts, image) as made:
            if on_plan is not None:
                on_plan(made)
            _check_room(parts, made)
            parallel = parts.settings.parallel_downloads
            transfer = Transfer(parts.layout, parts.layers, client, reference, parallel)
            arrivals = await _bring_all(transfer, image, on_progress)
            changed = await settled(lambda: _commit(parts, image, arrivals))
    notes = dict.fromkeys(note for arrival in arrivals.values() for note in arrival.usage.notes)
    return PullResult(
        plan=made,
        fetched_bytes=sum(arrival.fetched for arrival in arrivals.values()),
        unpacked_bytes=sum(arrival.unpacked for arrival in arrivals.values()),
        seconds=time.monotonic() - begun,
        changed=changed,
        notes=tuple(notes),
    )


@asynccontextmanager
async def _leased(parts: Parts, image: RemoteImage) -> AsyncIterator[PullPlan]:
    """Hold a lease on all that the image is made of; gives the plan, which therefore stays true."""
    name = lease_name()
    try:
        yield await settled(lambda: _lease(parts, name, image))
    finally:
        await settled(lambda: _release(parts, name))


def _lease(parts: Parts, name: str, image: RemoteImage) -> PullPlan:
    # Whoever removes holds this lock alone: what is seen as here now is not just being deleted.
    with lock(parts.layout, "content", shared=True), parts.database.write() as connection:
        take_lease(connection, name, image.digests)
        made = make_plan(image, _here(parts, image), read_slots(connection))
        remember_slots(connection, {layer.diff_id: layer.slot for layer in made.layers})
    return made


def _release(parts: Parts, name: str) -> None:
    with parts.database.write() as connection:
        drop_lease(connection, name)


def _plan(parts: Parts, image: RemoteImage) -> PullPlan:
    with parts.database.read() as connection:
        known = read_slots(connection)
    return make_plan(image, _here(parts, image), known)


def _here(parts: Parts, image: RemoteImage) -> set[Digest]:
    return {diff_id for diff_id in image.config.diff_ids if parts.layers.has(diff_id)}


def _check_room(parts: Parts, made: PullPlan) -> None:
    status = os.statvfs(parts.layout.root)
    free = status.f_bavail * status.f_frsize
    if made.fetch_bytes > free:
        raise Unavailable(
            f"{made.reference} needs {made.fetch_bytes} bytes for its compressed layers alone,"
            f" {parts.layout.root} has {free} left",
            hint="remove images with lamina rmi, or use a store on a larger disk with --root",
        )


async def _bring_all(
    transfer: Transfer, image: RemoteImage, on_progress: OnProgress | None
) -> dict[Digest, Arrival]:
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


def _commit(parts: Parts, image: RemoteImage, arrivals: dict[Digest, Arrival]) -> bool:
    parts.blobs.put(image.config.raw)
    parts.blobs.put(image.manifest.raw)
    usages = {diff_id: arrival.usage for diff_id, arrival in arrivals.items()}
    recipe = make_recipe(parts, image.id, image.config.diff_ids, image.config.run)
    with parts.database.write() as connection:
        changed = commit_image(connection, image, usages, time.time())
        write_recipe(connection, recipe)
    attributes = {"name": image.reference.familiar}
    parts.journal.append(Event(time.time(), "image", "pull", image.id, attributes))
    return changed
