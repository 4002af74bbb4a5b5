"""Whatever a registry does, a blob comes whole or an error says why, in bounded time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.errors import LaminaError, Unauthorized, Unavailable
from engine.oci import Descriptor, Digest, Reference, media
from engine.registry import EmbeddedRegistry, RegistryClient, RegistryDirectory, RetryPolicy
from engine.settings import Settings
from tests.engine.registry.peers import HASTY, MANIFEST, client, read
from tests.support.faulty_registry import FOR_EVER, Fault, Faults

DATA = os.urandom(200_000)
SLOW = HASTY._replace(window=0.3, least=5000, stall=5.0)


@dataclass(frozen=True, slots=True)
class Faulty:
    faults: Faults
    ref: Reference
    blob: Descriptor


@asynccontextmanager
async def faulty(root: Path) -> AsyncGenerator[Faulty, None]:
    directory = RegistryDirectory(root)
    blob = directory.add_blob(DATA, media.OCI_LAYER)
    directory.add_manifest("lab/web", "1", MANIFEST, media.OCI_MANIFEST)
    faults = Faults(directory)
    async with EmbeddedRegistry(directory, middlewares=[faults.middleware]) as server:
        yield Faulty(faults, Reference.parse(f"{server.address}/lab/web:1"), blob)
        faults.stop()


PASSING = [
    Fault.STALL, Fault.SILENCE, Fault.RESET, Fault.REFUSED, Fault.TRUNCATED, Fault.TOO_MANY,
    Fault.SERVER_ERROR,
]  # fmt: skip


@pytest.mark.parametrize("fault", PASSING)
async def test_a_blob_comes_whole_after_what_may_pass(fault: Fault, tmp_path: Path) -> None:
    async with faulty(tmp_path) as it, client() as registry:
        it.faults.inject(fault, "/blobs/", times=2, at=70_000)
        assert await read(registry, it.ref, it.blob) == DATA
    assert [hit.fault for hit in it.faults.hits] == [fault] * 2


@pytest.mark.parametrize("fault", PASSING)
async def test_a_manifest_comes_whole_after_what_may_pass(fault: Fault, tmp_path: Path) -> None:
    if fault is Fault.TRUNCATED:
        pytest.skip("a manifest that ends early is another manifest")
    async with faulty(tmp_path) as it, client() as registry:
        it.faults.inject(fault, "/manifests/", times=2, at=5)
        assert (await registry.resolve(it.ref))[1] == MANIFEST


@pytest.mark.parametrize("fault", PASSING)
async def test_what_does_not_pass_is_given_up(fault: Fault, tmp_path: Path) -> None:
    async with faulty(tmp_path) as it, client() as registry:
        it.faults.inject(fault, "/blobs/", times=FOR_EVER)
        with pytest.raises(Unavailable, match=it.blob.digest.short):
            await read(registry, it.ref, it.blob)
    # A connection that was kept open and breaks is taken up anew by aiohttp itself, once.
    assert HASTY.attempts <= len(it.faults.hits) <= 2 * HASTY.attempts


@pytest.mark.parametrize("fault", [Fault.WRONG_RANGE, Fault.WRONG_LENGTH, Fault.ENDLESS, Fault.UNAUTHORIZED])
async def test_a_lie_is_refused_at_once(fault: Fault, tmp_path: Path) -> None:
    async with faulty(tmp_path) as it, client() as registry:
        it.faults.inject(fault, "/blobs/", times=FOR_EVER)
        with pytest.raises(LaminaError) as caught:
            await read(registry, it.ref, it.blob, 1000)
    assert caught.value.hint or it.blob.digest.short in caught.value.message
    assert len(it.faults.hits) == 1


async def test_a_byte_that_was_changed_is_the_reader_s_to_find(tmp_path: Path) -> None:
    async with faulty(tmp_path) as it, client() as registry:
        it.faults.inject(Fault.FLIPPED, "/blobs/", at=99)
        assert Digest.of(await read(registry, it.ref, it.blob)) != it.blob.digest


async def test_an_answer_without_the_range_asked_for_is_skipped_to_its_start(tmp_path: Path) -> None:
    async with faulty(tmp_path) as it, client() as registry:
        it.faults.inject(Fault.NO_RANGE, "/blobs/")
        assert await read(registry, it.ref, it.blob, 1000) == DATA[1000:]


async def test_a_401_while_it_goes_on_is_told(tmp_path: Path) -> None:
    async with faulty(tmp_path) as it, client() as registry:
        it.faults.inject(Fault.RESET, "/blobs/", at=1000)
        it.faults.inject(Fault.UNAUTHORIZED, "/blobs/")
        with pytest.raises(Unauthorized, match="lab/web") as caught:
            await read(registry, it.ref, it.blob)
    assert "lamina login" in caught.value.hint


async def test_a_drip_is_given_up(tmp_path: Path) -> None:
    async with faulty(tmp_path) as it, client(policy=SLOW) as registry:
        it.faults.inject(Fault.DRIP, "/blobs/", times=FOR_EVER)
        with pytest.raises(Unavailable, match=r"only \d+ bytes in"):
            await read(registry, it.ref, it.blob)


async def test_a_slow_link_that_brings_enough_is_not_given_up(tmp_path: Path) -> None:
    async with faulty(tmp_path) as it, client(policy=SLOW) as registry:
        it.faults.drip = 4000
        it.faults.inject(Fault.DRIP, "/blobs/")
        assert await read(registry, it.ref, it.blob) == DATA
    assert len(it.faults.hits) == 1


async def test_a_reader_who_is_slow_himself_loses_nothing(tmp_path: Path) -> None:
    async with faulty(tmp_path) as it, client(policy=SLOW._replace(window=0.05)) as registry:
        it.faults.drip, it.faults.pause = 20_000, 0.001
        it.faults.inject(Fault.DRIP, "/blobs/")
        received = b""
        async for chunk in registry.blob(it.ref, it.blob):
            received += chunk
            await asyncio.sleep(0.06)  # longer than the window
    assert received == DATA


async def test_a_mirror_that_breaks_hands_over_where_it_broke(tmp_path: Path) -> None:
    async with faulty(tmp_path / "mirror") as mirror, faulty(tmp_path / "own") as own:
        mirror.faults.inject(Fault.RESET, "/blobs/", times=FOR_EVER, at=70_000)
        settings = Settings(tmp_path, tmp_path, mirrors={own.ref.domain: (mirror.ref.domain,)})
        async with RegistryClient(settings, retry=HASTY) as registry:
            assert await read(registry, own.ref, own.blob) == DATA
    assert mirror.faults.hits
    assert own.faults.hits == []


async def test_a_mirror_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    async with faulty(tmp_path) as own:
        settings = Settings(tmp_path, tmp_path, mirrors={own.ref.domain: ("127.0.0.1:1",)})
        async with RegistryClient(settings, retry=HASTY) as registry:
            assert (await registry.resolve(own.ref))[1] == MANIFEST


async def test_attempts_end_when_their_time_is_over(tmp_path: Path) -> None:
    policy = RetryPolicy(attempts=1000, base=0.05, stall=0.05, total=0.3)
    async with faulty(tmp_path) as it, client(policy=policy) as registry:
        it.faults.inject(Fault.SILENCE, "/blobs/", times=FOR_EVER)
        with pytest.raises(Unavailable):
            await read(registry, it.ref, it.blob)
    assert len(it.faults.hits) < 50
