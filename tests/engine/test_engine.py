"""The façade in an event loop: one store, seen by several engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from engine.containers.models import ContainerOptions, Status
from engine.engine import Engine
from engine.errors import NotFound
from engine.events import Event
from engine.images.models import LayerProgress, LayerState, PullPlan
from engine.lab.models import LabProgress
from engine.settings import Settings

PATIENCE = 60  # seconds


@pytest.fixture
async def engine(settings: Settings) -> AsyncIterator[Engine]:
    engine = Engine(settings)
    yield engine
    for container in await engine.containers():
        await engine.remove(container.id, force=True)
    await engine.lab_down()


def test_making_an_engine_touches_nothing(settings: Settings) -> None:
    Engine(settings)
    assert list(settings.root.iterdir()) == []


async def test_empty_store_has_nothing(engine: Engine) -> None:
    assert await engine.images() == []
    assert await engine.containers() == []


async def test_unknown_names_are_not_found(engine: Engine) -> None:
    for call in (engine.image, engine.container, engine.inspect, engine.steps):
        with pytest.raises(NotFound):
            await call("nothing")


async def test_lab_goes_up_telling_its_progress_in_the_loop(engine: Engine) -> None:
    told: list[LabProgress] = []
    status = await engine.lab_up(told.append)
    assert status.running
    assert await engine.lab_status() == status
    assert [progress.done for progress in told] == [0, 1, 2, 3, 4]


async def test_pull_tells_its_plan_and_each_layers_way(engine: Engine) -> None:
    await engine.lab_up()
    plans: list[PullPlan] = []
    steps: list[LayerProgress] = []
    result = await engine.pull("lab/base", on_plan=plans.append, on_progress=steps.append)
    assert plans == [result.plan]
    assert result.fetched_bytes == result.plan.fetch_bytes == result.plan.total_bytes
    assert steps[-1].state is LayerState.DONE
    assert [image.names for image in await engine.images()] == [("lab/base:latest",)]


async def test_removal_is_foretold_as_it_happens(engine: Engine) -> None:
    await engine.lab_up()
    await engine.pull("lab/base")
    foretold = await engine.preview_remove("lab/base")
    assert await engine.remove_image("lab/base") == foretold
    assert await engine.images() == []


async def test_change_of_one_front_reaches_another(engine: Engine, settings: Settings) -> None:
    await engine.lab_up()
    following = asyncio.Event()
    heard = asyncio.ensure_future(_heard(Engine(settings), following))
    while not following.is_set():  # an event that came before it followed tells it nothing
        await engine.create_volume()
        await asyncio.wait([heard], timeout=0.02)
    await engine.pull("lab/base")
    async with asyncio.timeout(PATIENCE):
        event = await heard
    assert event.attributes["name"] == "lab/base:latest"


async def _heard(engine: Engine, following: asyncio.Event) -> Event:
    """The next pull that another front is told of; `following` is set as soon as it is told of anything."""
    async with aclosing(engine.events()) as events:
        async for event in events:
            following.set()
            if event.action == "pull":
                return event
    raise AssertionError


async def test_files_of_a_layer_can_be_listed(engine: Engine) -> None:
    await engine.lab_up()
    await engine.pull("lab/base")
    detail = await engine.image("lab/base")
    table = await engine.layer_table(detail.layers[0].diff_id)
    assert table.find("usr/bin/sh") is not None


@pytest.mark.system
async def test_container_runs_its_life(engine: Engine, requires_root: None) -> None:
    await engine.lab_up()
    await engine.pull("lab/base")
    made = await engine.create(
        ContainerOptions("lab/base", ("sh", "-c", "echo one; sleep 0.5; echo two; exit 3"))
    )
    assert (await engine.start(made.id)).status is Status.RUNNING
    async with aclosing(engine.logs(made.id, follow=True)) as batches:
        lines = [line.text async for batch in batches for line in batch]
    assert lines == ["one", "two"]
    assert await engine.wait(made.id) == 3
    assert (await engine.container(made.id)).exit_code == 3
    assert await engine.steps(made.id)
    await engine.remove(made.id)
    assert await engine.containers() == []


async def test_info_knows_the_host_and_the_store(engine: Engine, settings: Settings) -> None:
    info = await engine.info()
    assert info.root == settings.root
    assert info.cpus > 0
    assert info.totals.images == 0
