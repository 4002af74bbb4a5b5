import asyncio
import errno
import os

import pytest

from engine.errors import DigestMismatch, LaminaError, Malformed, NotFound, Unavailable
from engine.images.models import LayerProgress, LayerState, PullPlan
from engine.images.service import ImageService
from engine.settings import Settings
from engine.store import Ingest, Journal, Layout
from tests.engine.images.publish import Layer, Registry, layer, noise

BASE = layer({"etc/os": b"base", "bin/big": noise("base", 400_000)})
RUNTIME = layer({"usr/runtime": noise("runtime", 200_000)})
APP1 = layer({"srv/app": b"one" + noise("one", 5000)})
APP2 = layer({"srv/app": b"two" + noise("two", 5000)})


async def test_a_pulled_image_is_listed_with_its_layers(images: ImageService, registry: Registry) -> None:
    reference = registry.publish("web:1", BASE, APP1, config={"Cmd": ["/srv/app"]})
    await images.pull(reference)
    (row,) = images.list()
    assert row.names == (reference,)
    assert [one.diff_id for one in row.layers] == [BASE.diff_id, APP1.diff_id]
    assert row.compressed == len(BASE.blob) + len(APP1.blob)
    assert images.get(reference).cmd == ("/srv/app",)


async def test_layers_are_unpacked_and_their_blobs_kept(
    images: ImageService, registry: Registry, settings: Settings
) -> None:
    await images.pull(registry.publish("web:1", BASE))
    layout = Layout.of(settings)
    assert (layout.layers / BASE.diff_id.hex / "fs/etc/os").read_bytes() == b"base"
    assert (layout.blobs / BASE.digest.hex).read_bytes() == BASE.blob
    assert os.listdir(layout.ingest) == []


async def test_an_update_fetches_only_the_layer_that_changed(
    images: ImageService, registry: Registry
) -> None:
    await images.pull(registry.publish("web:1", BASE, RUNTIME, APP1))
    result = await images.pull(registry.publish("web:2", BASE, RUNTIME, APP2))
    assert result.fetched_bytes == result.plan.fetch_bytes == len(APP2.blob)
    assert [registry.served(one).requests for one in (BASE, RUNTIME, APP1, APP2)] == [1, 1, 1, 1]


async def test_a_layer_that_is_here_in_another_compression_does_not_travel(
    images: ImageService, registry: Registry
) -> None:
    await images.pull(registry.publish("web:1", BASE))
    packed_otherwise = layer({"etc/os": b"base", "bin/big": noise("base", 400_000)}, level=9)
    assert packed_otherwise.diff_id == BASE.diff_id
    assert packed_otherwise.digest != BASE.digest
    result = await images.pull(registry.publish("other:1", packed_otherwise, APP1))
    assert result.fetched_bytes == len(APP1.blob)
    assert registry.served(packed_otherwise).requests == 0


async def test_pulling_again_fetches_and_changes_nothing(images: ImageService, registry: Registry) -> None:
    reference = registry.publish("web:1", BASE, APP1)
    first = await images.pull(reference)
    again = await images.pull(reference)
    assert (first.changed, again.changed) == (True, False)
    assert (again.fetched_bytes, again.unpacked_bytes) == (0, 0)


async def test_a_tag_that_moved_takes_its_name_along(images: ImageService, registry: Registry) -> None:
    reference = registry.publish("web:latest", BASE, APP1)
    old = await images.pull(reference)
    registry.publish("web:latest", BASE, APP2)
    new = await images.pull(reference)
    assert new.changed
    assert {row.id: row.names for row in images.list()} == {
        old.plan.image_id: (),
        new.plan.image_id: (reference,),
    }


async def test_a_plan_changes_nothing_and_is_what_the_pull_then_does(
    images: ImageService, registry: Registry, settings: Settings
) -> None:
    reference = registry.publish("web:1", BASE, APP1)
    planned = await images.plan(reference)
    assert images.list() == []
    assert [one.here for one in planned.layers] == [False, False]
    assert planned.fetch_bytes == planned.total_bytes == len(BASE.blob) + len(APP1.blob)
    assert (await images.pull(reference)).plan == planned
    assert [one.slot for one in images.list()[0].layers] == [one.slot for one in planned.layers]
    assert [one.here for one in (await images.plan(reference)).layers] == [True, True]


async def test_a_stack_that_repeats_a_layer_fetches_it_once(images: ImageService, registry: Registry) -> None:
    result = await images.pull(registry.publish("twice:1", BASE, APP1, BASE))
    assert result.fetched_bytes == result.plan.fetch_bytes == len(BASE.blob) + len(APP1.blob)
    assert [row.diff_id for row in images.get("sha256:" + result.plan.image_id.hex).layers] == [
        BASE.diff_id,
        APP1.diff_id,
        BASE.diff_id,
    ]


async def test_progress_tells_every_state_in_order(images: ImageService, registry: Registry) -> None:
    await images.pull(registry.publish("web:1", BASE))
    plans: list[PullPlan] = []
    told: list[LayerProgress] = []
    reference = registry.publish("web:2", BASE, APP1)
    result = await images.pull(reference, on_plan=plans.append, on_progress=told.append)
    assert plans == [result.plan]
    states: dict[int, list[LayerState]] = {1: [], 2: []}
    for one in told:
        if one.state not in states[one.position]:
            states[one.position].append(one.state)
    assert states[1] == [LayerState.WAITING, LayerState.HERE]
    assert states[2] == [LayerState.WAITING, LayerState.DOWNLOADING, LayerState.UNPACKING, LayerState.DONE]
    assert told[-1].done == told[-1].total == len(APP1.blob)


async def test_a_cancelled_pull_leaves_no_image_and_goes_on_where_it_stopped(
    images: ImageService, registry: Registry, settings: Settings
) -> None:
    reference = registry.publish("web:1", BASE)
    await stop_half_way(images, registry, reference)
    ingest = Layout.of(settings).ingest / BASE.digest.hex
    assert images.list() == []
    kept = ingest.stat().st_size
    assert 0 < kept < len(BASE.blob)
    planned = await images.plan(reference)
    assert (planned.layers[0].kept, planned.fetch_bytes) == (kept, len(BASE.blob) - kept)
    result = await images.pull(reference)
    assert result.plan == planned
    assert result.fetched_bytes == len(BASE.blob) - kept
    assert registry.served(BASE).bytes == len(BASE.blob) - kept


async def stop_half_way(images: ImageService, registry: Registry, reference: str) -> None:
    registry.stalls[BASE.digest] = len(BASE.blob) // 2
    task = asyncio.create_task(images.pull(reference))
    await asyncio.wait_for(registry.stalled.wait(), 20)
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_an_interrupted_pull_left_wrong_is_fetched_anew(
    images: ImageService, registry: Registry, settings: Settings
) -> None:
    reference = registry.publish("web:1", BASE)
    layout = Layout.of(settings)
    layout.create()
    (layout.ingest / BASE.digest.hex).write_bytes(bytes(1000))
    assert (await images.pull(reference)).fetched_bytes == len(BASE.blob)
    assert len(images.list()) == 1


async def test_two_pulls_of_one_image_fetch_each_layer_once(settings: Settings, registry: Registry) -> None:
    reference = registry.publish("web:1", BASE, RUNTIME, APP1)
    fronts = [ImageService(settings) for _ in range(2)]
    results = await asyncio.gather(*(front.pull(reference) for front in fronts))
    assert [registry.served(one).requests for one in (BASE, RUNTIME, APP1)] == [1, 1, 1]
    assert sum(result.fetched_bytes for result in results) == results[0].plan.total_bytes


async def test_a_layer_that_another_image_is_bringing_is_shared(
    settings: Settings, registry: Registry
) -> None:
    front = ImageService(settings)
    references = [registry.publish("web:1", BASE, APP1), registry.publish("web:2", BASE, APP2)]
    await asyncio.gather(*map(front.pull, references))
    assert registry.served(BASE).requests == 1
    assert len(front.list()) == 2


async def test_wrong_bytes_leave_nothing(
    images: ImageService, registry: Registry, settings: Settings
) -> None:
    reference = registry.publish("web:1", BASE)
    registry.directory.blob(BASE.digest).write_bytes(bytes(len(BASE.blob)))
    with pytest.raises((DigestMismatch, Malformed)):
        await images.pull(reference)
    nothing_is_left(images, settings)


async def test_a_layer_with_another_diff_id_leaves_nothing(
    images: ImageService, registry: Registry, settings: Settings
) -> None:
    wrong = Layer(archive=b"something else", blob=APP1.blob)
    with pytest.raises(LaminaError):
        await images.pull(registry.publish("web:1", wrong))
    nothing_is_left(images, settings)


async def test_what_is_no_archive_leaves_nothing(
    images: ImageService, registry: Registry, settings: Settings
) -> None:
    junk = noise("junk", 4096)
    with pytest.raises(LaminaError):
        await images.pull(registry.publish("web:1", Layer(junk, junk)))
    nothing_is_left(images, settings)


def nothing_is_left(images: ImageService, settings: Settings) -> None:
    layout = Layout.of(settings)
    assert images.list() == []
    assert [os.listdir(place) for place in (layout.ingest, layout.blobs, layout.layers)] == [[], [], []]


async def test_one_bad_layer_does_not_throw_the_good_ones_away(
    images: ImageService, registry: Registry, settings: Settings
) -> None:
    reference = registry.publish("web:1", BASE, APP1)
    good = registry.directory.blob(APP1.digest).read_bytes()
    registry.directory.blob(APP1.digest).write_bytes(bytes(len(good)))
    registry.stalls[APP1.digest] = 0
    task = asyncio.create_task(images.pull(reference))
    layout = Layout.of(settings)
    while not (layout.blobs / BASE.digest.hex).exists():
        await asyncio.sleep(0.01)
    registry.resume.set()
    with pytest.raises((DigestMismatch, Malformed)):
        await task
    registry.directory.blob(APP1.digest).write_bytes(good)
    assert (await images.pull(reference)).fetched_bytes == len(APP1.blob)


async def test_manifest_and_config_that_disagree_are_refused(
    images: ImageService, registry: Registry
) -> None:
    reference = registry.publish("web:1", BASE, APP1, claimed=(BASE.diff_id,))
    with pytest.raises(Malformed, match="2 layers"):
        await images.plan(reference)


async def test_another_platform_than_asked_for_is_refused(images: ImageService, registry: Registry) -> None:
    reference = registry.publish("web:1", BASE, platform="s390x")
    with pytest.raises(NotFound, match="s390x"):
        await images.pull(reference, "linux/amd64")
    assert (await images.plan(reference)).platform == "linux/s390x"


async def test_an_unknown_image_is_told(images: ImageService, registry: Registry) -> None:
    with pytest.raises(NotFound):
        await images.pull(f"{registry.address}/nothing:1")


async def test_a_layer_larger_than_the_disk_is_refused_before_it_travels(
    images: ImageService, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = registry.publish("web:1", BASE)
    real = os.statvfs(os.sep)
    fields = {name: getattr(real, name) for name in ("f_bsize", "f_frsize")}
    full = type("Full", (), {**fields, "f_bavail": 0})()
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    with pytest.raises(Unavailable, match="left"):
        await images.pull(reference)
    assert registry.served(BASE).requests == 0


async def test_a_pull_is_journaled(images: ImageService, registry: Registry, settings: Settings) -> None:
    reference = registry.publish("web:1", BASE)
    result = await images.pull(reference)
    (event,) = Journal(Layout.of(settings)).read()
    assert (event.kind, event.action, event.id) == ("image", "pull", result.plan.image_id)
    assert event.attributes["name"] == reference


async def test_no_lease_outlives_its_pull(images: ImageService, registry: Registry) -> None:
    reference = registry.publish("web:1", BASE)
    await stop_half_way(images, registry, reference)
    await images.pull(reference)
    with images._parts.database.read() as connection:
        assert connection.execute("SELECT * FROM leases").fetchall() == []


async def test_a_full_disk_is_told_with_a_way_out(
    images: ImageService, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = registry.publish("web:1", BASE)

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Ingest, "write", refuse)
    with pytest.raises(Unavailable) as caught:
        await images.pull(reference)
    assert "No space left" in caught.value.message
    assert "lamina rmi" in caught.value.hint
