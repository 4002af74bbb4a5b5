"""A link of a speed: nothing arrives early, whoever shares it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import aiohttp
import pytest

from engine.errors import InvalidArgument
from engine.oci import Descriptor
from engine.registry import EmbeddedRegistry, RegistryDirectory
from engine.registry.link import SLOWEST, Link

SPEED = 400_000


async def test_bytes_take_their_time() -> None:
    link = Link(SPEED)
    begun = time.monotonic()
    for _ in range(4):
        await link.carry(10_000)
    assert time.monotonic() - begun >= 40_000 / SPEED


async def test_those_who_share_it_have_its_speed_together() -> None:
    link = Link(SPEED)
    begun = time.monotonic()
    await asyncio.gather(*(link.carry(20_000) for _ in range(4)))
    assert time.monotonic() - begun >= 80_000 / SPEED


def test_without_a_speed_all_is_sent_at_once() -> None:
    assert (Link().piece(1 << 20), Link(SPEED).piece(1 << 20), Link(SPEED).piece(7)) == (1 << 20, 20_000, 7)


@pytest.mark.parametrize("speed", [-1, 1, SLOWEST - 1])
def test_slower_than_anybody_would_wait_is_refused(speed: int) -> None:
    with pytest.raises(InvalidArgument, match="too slow"):
        Link(speed)


async def test_registry_sends_all_its_blobs_over_its_link(tmp_path: Path) -> None:
    directory = RegistryDirectory(tmp_path)
    blobs = [directory.add_blob(bytes([number]) * 50_000) for number in range(3)]
    link = Link()
    async with EmbeddedRegistry(directory, link=link) as server, aiohttp.ClientSession() as session:

        async def get(blob: Descriptor) -> int:
            async with session.get(f"http://{server.address}/v2/lab/web/blobs/{blob.digest}") as answer:
                return len(await answer.read())

        link.set_speed(SPEED)
        begun = time.monotonic()
        assert await asyncio.gather(*map(get, blobs)) == [50_000] * 3
        assert time.monotonic() - begun >= 150_000 / SPEED
        assert sum(served.bytes for served in server.served.values()) == 150_000
