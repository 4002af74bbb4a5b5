"""Pulling an image: plan, bring the missing layers here, and make it known when all of them stand."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from engine.errors import Unavailable
from engine.images.arriving import (
    OnProgress,
    bring_all,
    bytes_kept,
    commit,
    layers_here,
    leased_image,
    notes_of,
)
from engine.images.catalogue import read_slots
from engine.images.expecting import expect_unpacked
from engine.images.models import PullPlan, PullResult
from engine.images.offload import settled
from engine.images.parts import Parts
from engine.images.plan import make_plan
from engine.images.remote import RemoteImage, fetch_image
from engine.images.sweeping import sweep_leftovers
from engine.images.transfer import Transfer
from engine.images.trouble import disk_trouble
from engine.oci.reference import Reference
from engine.registry import RegistryClient, RetryPolicy

OnPlan = Callable[[PullPlan], None]


async def plan(parts: Parts, reference: str, platform: str) -> PullPlan:
    """What a pull would do; asks the registry, changes nothing."""
    async with RegistryClient(parts.settings) as client:
        image = await fetch_image(client, Reference.parse(reference), platform)
    return await settled(lambda: _plan(parts, image))


async def pull(
    parts: Parts,
    reference: str,
    platform: str,
    on_plan: OnPlan | None = None,
    on_progress: OnProgress | None = None,
    *,
    retry: RetryPolicy | None = None,
) -> PullResult:
    """Bring an image here; see `ImageService.pull`.

    :param retry: how patient it is with a registry that fails; as a person is where None.
    """
    try:
        async with RegistryClient(parts.settings, retry=retry) as client:
            return await _pull(parts, client, Reference.parse(reference), platform, on_plan, on_progress)
    except OSError as error:
        raise disk_trouble(error) from error


async def _pull(
    parts: Parts,
    client: RegistryClient,
    reference: Reference,
    platform: str,
    on_plan: OnPlan | None,
    on_progress: OnProgress | None,
) -> PullResult:
    begun = time.monotonic()
    await settled(lambda: sweep_leftovers(parts))
    image = await fetch_image(client, reference, platform)
    async with leased_image(parts, image) as made:
        if on_plan is not None:
            on_plan(made)
        _check_room(parts, made)
        transfer = Transfer(
            parts.layout,
            parts.layers,
            lambda descriptor, offset: client.blob(reference, descriptor, offset),
            parts.settings.parallel_downloads,
        )
        arrivals = await bring_all(transfer, image, on_progress)
        changed = await settled(lambda: commit(parts, image, arrivals, "pull"))
    return PullResult(
        plan=made,
        fetched_bytes=sum(arrival.fetched for arrival in arrivals.values()),
        unpacked_bytes=sum(arrival.unpacked for arrival in arrivals.values()),
        seconds=time.monotonic() - begun,
        changed=changed,
        notes=(*notes_of(arrivals), *client.notes(reference)),
    )


def _plan(parts: Parts, image: RemoteImage) -> PullPlan:
    here = layers_here(parts, image)
    with parts.database.read() as connection:
        known, unpacked = read_slots(connection), expect_unpacked(parts, connection, image, here)
    return make_plan(image, here, known, bytes_kept(parts, image, here), unpacked)


def _check_room(parts: Parts, made: PullPlan) -> None:
    status = os.statvfs(parts.layout.root)
    free = status.f_bavail * status.f_frsize
    if made.fetch_bytes > free:
        raise Unavailable(
            f"{made.reference} needs {made.fetch_bytes} bytes for its compressed layers alone,"
            f" {parts.layout.root} has {free} left",
            hint="remove images with lamina rmi, or use a store on a larger disk with --root",
        )
