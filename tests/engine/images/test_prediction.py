"""What a plan says will travel is what then travels, to the byte, also for each real image after another."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from engine.images.models import PullPlan
from engine.images.service import ImageService
from engine.settings import Settings
from engine.store import Layout
from tests.engine.images.publish import Registry, layer, noise
from tests.support.counting_proxy import CountingProxy, counting_proxy
from tests.support.peers import RealRegistry

IMAGES = ("debian:12", "redis:7", "python:3.11", "postgres:15", "postgres:15.1")
OWN = layer({"own": noise("own", 70_000)})


@pytest.fixture
async def proxy(real_registry: RealRegistry) -> AsyncIterator[CountingProxy]:
    for name in IMAGES:
        real_registry.image(name)
    async with counting_proxy(real_registry.host) as proxy:
        yield proxy


@dataclass(frozen=True, slots=True)
class Standing:
    """What a store has of contents."""

    images: int
    layers: frozenset[str]
    blobs: frozenset[str]

    @classmethod
    def of(cls, images: ImageService, layout: Layout) -> Standing:
        return cls(
            len(images.list()), frozenset(os.listdir(layout.layers)), frozenset(os.listdir(layout.blobs))
        )


def sent_of_layers(proxy: CountingProxy, plan: PullPlan) -> int:
    """Bytes that the proxy counted since the last time; nothing but layers and the config may have come."""
    sent = proxy.take()
    layers = {layer.digest for layer in plan.layers}
    assert set(sent) <= layers | {plan.image_id}
    return sum(count for digest, count in sent.items() if digest in layers)


async def pull_as_planned(images: ImageService, proxy: CountingProxy, name: str) -> int:
    """Plan, pull, and compare; the bytes that travelled."""
    reference = f"{proxy.address}/{name}"
    planned = await images.plan(reference)
    proxy.take()
    result = await images.pull(reference)
    assert result.plan == planned
    assert planned.fetch_bytes == sum(layer.size for layer in planned.layers if not layer.here)
    assert planned.total_bytes == sum(layer.size for layer in planned.layers)
    assert result.fetched_bytes == planned.fetch_bytes
    assert sent_of_layers(proxy, planned) == planned.fetch_bytes
    assert (await images.plan(reference)).fetch_bytes == 0
    return planned.fetch_bytes


@pytest.mark.system
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("requires_root")
@pytest.mark.parametrize("first", IMAGES)
async def test_what_travels_for_any_image_after_another_is_what_was_planned(
    first: str, images: ImageService, settings: Settings, proxy: CountingProxy
) -> None:
    layout = Layout.of(settings)
    await pull_as_planned(images, proxy, first)
    before = Standing.of(images, layout)
    for second in IMAGES:
        if second == first:
            continue
        await pull_as_planned(images, proxy, second)
        images.remove(f"{proxy.address}/{second}")
        # The next one meets the first image alone.
        assert Standing.of(images, layout) == before


async def test_the_rest_of_a_pull_that_broke_off_is_all_that_travels(
    images: ImageService, registry: Registry, settings: Settings
) -> None:
    async with counting_proxy(registry.address) as proxy:
        registry.publish("web:1", OWN)
        kept = 30_000
        ingest = Layout.of(settings).ingest
        ingest.mkdir(parents=True, exist_ok=True)
        (ingest / OWN.digest.hex).write_bytes(OWN.blob[:kept])
        result = await images.pull(f"{proxy.address}/web:1")
        assert result.fetched_bytes == proxy.take()[OWN.digest] == len(OWN.blob) - kept
