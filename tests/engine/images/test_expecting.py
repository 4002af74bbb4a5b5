"""What layers will take on disk is told before they come, as well as it can be."""

from __future__ import annotations

import asyncio

from engine.images.service import ImageService
from engine.inside import Inside
from engine.rooms import Rooms
from engine.settings import Settings
from tests.engine.images.publish import Registry, layer, noise

HERE = layer({"here": noise("here", 1_200_000) + bytes(2_400_000)})
LIKE = layer({"like": noise("like", 300_000) + bytes(600_000)})


async def grows_by(images: ImageService, reference: str) -> int:
    plan = await images.plan(reference)
    return plan.disk_bytes - plan.fetch_bytes


async def test_a_layer_is_taken_for_as_tightly_packed_as_those_that_are_here(
    images: ImageService, registry: Registry
) -> None:
    await images.pull(registry.publish("web:1", HERE))
    assert abs(await grows_by(images, registry.publish("web:2", HERE, LIKE)) - 900_000) < 5000


async def test_what_was_looked_at_is_known_exactly(
    images: ImageService, settings: Settings, registry: Registry
) -> None:
    reference = registry.publish("web:1", LIKE)
    await asyncio.to_thread(Inside(Rooms(settings)).stack, f"docker://{reference}")
    assert await grows_by(images, reference) == 900_000


async def test_what_the_store_grew_by_is_told_in_the_same_terms(
    images: ImageService, registry: Registry
) -> None:
    result = await images.pull(registry.publish("web:1", LIKE))
    assert result.disk_bytes == len(LIKE.blob) + 900_000


async def test_an_image_that_is_here_takes_nothing_more(images: ImageService, registry: Registry) -> None:
    reference = registry.publish("web:1", LIKE)
    await images.pull(reference)
    assert (await images.plan(reference)).disk_bytes == 0
