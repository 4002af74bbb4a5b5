import asyncio
import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from engine.images.service import ImageService
from engine.settings import Settings
from engine.store import Layout
from tests.engine.images.faulty import House, faulty_house
from tests.engine.images.publish import Registry, layer, noise
from tests.support.faulty_registry import FOR_EVER, Fault
from tests.support.leaks import processes_of
from tests.support.waiting import eventually

BIG = layer({"big": noise("big", 3_000_000)})
SMALL = layer({"small": noise("small", 3000)})
MOMENTS = 12
PULL = """
import asyncio, sys
from pathlib import Path
from engine.images.service import ImageService
from engine.settings import Settings
root, reference = sys.argv[1:]
asyncio.run(ImageService(Settings(Path(root), Path(root) / "run")).pull(reference))
"""


async def start_pull(settings: Settings, reference: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-c", PULL, settings.root, reference)


async def kill_half_way(settings: Settings, registry: Registry, reference: str) -> None:
    """Kill a pull when the small layer stands and half of the big one is on disk."""
    registry.stalls[BIG.digest] = len(BIG.blob) // 2
    process = await start_pull(settings, reference)
    layout = Layout.of(settings)
    ingest = layout.ingest / BIG.digest.hex
    await asyncio.wait_for(registry.stalled.wait(), 20)
    assert await asyncio.to_thread(eventually, lambda: ingest.exists() and ingest.stat().st_size > 1_000_000)
    assert await asyncio.to_thread(eventually, (layout.blobs / SMALL.digest.hex).exists)
    process.send_signal(signal.SIGKILL)
    await process.wait()


async def test_a_killed_pull_leaves_no_image_and_the_next_goes_on(
    images: ImageService, settings: Settings, registry: Registry
) -> None:
    reference = registry.publish("web:1", BIG, SMALL)
    await kill_half_way(settings, registry, reference)
    assert images.list() == []
    result = await images.pull(reference)
    assert result.fetched_bytes < len(BIG.blob) - 1_000_000
    assert registry.served(SMALL).requests == 1
    assert len(images.list()) == 1


async def test_after_a_killed_pull_nothing_half_done_stays(
    images: ImageService, settings: Settings, registry: Registry
) -> None:
    reference = registry.publish("web:1", BIG, SMALL)
    await kill_half_way(settings, registry, reference)
    assert await asyncio.to_thread(eventually, lambda: not processes_of(settings.root))
    await images.pull(reference)
    layout = Layout.of(settings)
    assert os.listdir(layout.ingest) == []
    assert sorted(os.listdir(layout.layers)) == sorted((BIG.diff_id.hex, SMALL.diff_id.hex))
    images.remove(reference)
    assert os.listdir(layout.layers) == os.listdir(layout.blobs) == []


async def test_a_killed_pull_ends_its_helpers(settings: Settings, registry: Registry) -> None:
    reference = registry.publish("web:1", BIG, SMALL)
    await kill_half_way(settings, registry, reference)
    assert await asyncio.to_thread(eventually, lambda: not processes_of(settings.root))


async def test_two_processes_that_pull_one_image_fetch_it_once(
    images: ImageService, settings: Settings, registry: Registry
) -> None:
    reference = registry.publish("web:1", BIG, SMALL)
    fronts = [await start_pull(settings, reference) for _ in range(2)]
    assert [await front.wait() for front in fronts] == [0, 0]
    assert [registry.served(one).requests for one in (BIG, SMALL)] == [1, 1]
    assert len(images.list()) == 1


def stand_without_blob(images: ImageService, layout: Layout) -> Path:
    """As a kill leaves it that comes when a layer stands and its blob does not; the blob's download."""
    with images._parts.database.write() as connection:
        for table in ("names", "images", "layers"):
            connection.execute(f"DELETE FROM {table}")
    return (layout.blobs / BIG.digest.hex).rename(layout.ingest / BIG.digest.hex)


async def test_a_layer_that_stood_before_the_kill_gets_its_blob(
    images: ImageService, settings: Settings, registry: Registry
) -> None:
    reference = registry.publish("web:1", BIG)
    await images.pull(reference)
    layout = Layout.of(settings)
    stand_without_blob(images, layout)
    assert (await images.pull(reference)).fetched_bytes == 0
    assert os.listdir(layout.ingest) == []
    assert (layout.blobs / BIG.digest.hex).read_bytes() == BIG.blob


@pytest.mark.parametrize("left", [BIG.blob[:1000], b"x" * len(BIG.blob)], ids=["a part", "wrong bytes"])
async def test_what_is_no_blob_of_a_layer_that_stands_goes(
    left: bytes, images: ImageService, settings: Settings, registry: Registry
) -> None:
    reference = registry.publish("web:1", BIG)
    await images.pull(reference)
    layout = Layout.of(settings)
    stand_without_blob(images, layout).unlink()
    (layout.ingest / BIG.digest.hex).write_bytes(left)
    await images.pull(reference)
    assert os.listdir(layout.ingest) == []
    assert not (layout.blobs / BIG.digest.hex).exists()
    assert len(images.list()) == 1


async def pull_killed_after(house: House, settings: Settings, seconds: float) -> bool:
    """Whether the kill came before the pull had ended."""
    process = await start_pull(settings, house.reference)
    await asyncio.wait((asyncio.ensure_future(process.wait()),), timeout=seconds)
    if process.returncode is None:
        process.send_signal(signal.SIGKILL)
    return await process.wait() != 0


async def test_a_pull_killed_at_any_moment_leaves_a_whole_image_or_none(
    settings: Settings, tmp_path: Path
) -> None:
    async with faulty_house(settings, tmp_path) as house:
        house.faults.drip, house.faults.pause = 150_000, 0.01  # so that a pull takes a while
        house.faults.inject(Fault.DRIP, "/blobs/", times=FOR_EVER)
        begun = time.monotonic()
        assert not await pull_killed_after(house, settings, 60)
        whole = time.monotonic() - begun
        house.check_image()
        house.check_space_returns()
        moments = random.Random(4)  # the same in every run, though not what the kernel makes of them
        killed = 0
        for turn in range(MOMENTS):
            # One in each stretch of a pull, of which the first third is the interpreter's own start.
            share = 0.2 + 0.85 * (turn + moments.random()) / MOMENTS
            killed += await pull_killed_after(house, settings, whole * share)
            check_after_kill(house)
            if house.images.list() or turn % 3 == 2:  # else the next one goes on, and is killed too
                await settle(house)
    assert killed >= MOMENTS // 4


def check_after_kill(house: House) -> None:
    house.check_no_process()
    if house.images.list():
        house.check_image()
    else:
        rows = house.rows()
        assert rows.pop("leases") >= 0  # of the dead, until the next pull or prune
        assert not any(rows.values()), rows


async def settle(house: House) -> None:
    """Let an undisturbed pull fetch the rest, and everything go again."""
    house.faults.mend()
    rest = sum(len(one.blob) - house.kept(one) for one in (BIG, SMALL))
    assert (await house.pull()).fetched_bytes == rest
    house.check_image()
    house.check_space_returns()
    house.faults.inject(Fault.DRIP, "/blobs/", times=FOR_EVER)
