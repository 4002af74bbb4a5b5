"""A start that stands still between its steps."""

from __future__ import annotations

import asyncio

import pytest

from engine.errors import Conflict, NotFound
from engine.lessons.place import Place
from engine.lessons.scratch import opened
from engine.lessons.stepping import END, do_steps
from engine.settings import Settings
from tests.engine.lessons.test_runner import nothing_left
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


async def status(place: Place) -> str:
    return str((await place.engine.container("lab-a")).status)


async def test_start_waits_between_steps_and_ends_running(outer: Settings) -> None:
    async with opened(outer, {}) as place:
        await place.lamina("create", "--name", "lab-a", "--network", "none", "lab/base", "sleep", "600")
        first = (await do_steps(place, container="lab-a", until="namespaces made")).figures
        assert "uts namespace" in str(first["changed"])
        assert await status(place) == "created"
        with pytest.raises(Conflict, match="lab-a is not over"):
            await do_steps(place, container="lab-b")
        one = (await do_steps(place, container="lab-a")).figures
        assert (str(one["steps"]), str(one["command"])[:5]) == ("1", "mount")
        done = await do_steps(place, container="lab-a", until=END)
        assert done.said == "the program runs"
        assert await status(place) == "running"


async def test_step_that_never_comes_lets_the_start_end(outer: Settings) -> None:
    async with opened(outer, {}) as place:
        await place.lamina("create", "--name", "lab-a", "--network", "none", "lab/base", "sleep", "600")
        with pytest.raises(NotFound, match="no more step 'moat'"):
            await do_steps(place, container="lab-a", until="moat")
        assert place.stepped is None
        assert await status(place) == "running"


async def test_start_goes_on_after_somebody_stopped_waiting_for_it(outer: Settings) -> None:
    async with opened(outer, {}) as place:
        await place.lamina("create", "--name", "lab-a", "--network", "none", "lab/base", "sleep", "600")
        stopped = asyncio.ensure_future(do_steps(place, container="lab-a", until=END))
        await asyncio.sleep(0)  # it has begun
        stopped.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stopped
        await do_steps(place, container="lab-a", until=END)
        assert await status(place) == "running"


async def test_start_that_waits_is_given_up_with_its_lesson(outer: Settings) -> None:
    async with opened(outer, {}) as place:
        await place.lamina("create", "--name", "lab-a", "--network", "none", "lab/base", "sleep", "600")
        await do_steps(place, container="lab-a", until="root pivoted")
    assert eventually(lambda: nothing_left(outer), every=0.1)
