"""Watching a container while it runs into its limits."""

from __future__ import annotations

import pytest

from engine.errors import InvalidArgument, NotFound, Unavailable
from engine.lessons import limits
from engine.lessons.scratch import opened
from engine.settings import Settings

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

SAYS = ("--network", "none", "lab/base", "sh", "-c", "echo here; sleep 600")


async def test_container_is_watched_until_it_says_something(outer: Settings) -> None:
    async with opened(outer, {}) as place:
        await place.lamina("create", "--name", "lab-a", *SAYS)
        done = await limits.watch(place, container="lab-a", seconds=20, until="here")
        series = done.figures["processes"].value
        assert isinstance(series, tuple)
        assert len(series) == done.figures["samples"].value
        with pytest.raises(Unavailable, match="did not write"):
            await limits.watch(place, container="lab-a", seconds=0.1, until="there")
        used = await limits.use(place, container="lab-a", seconds=0.1)
        assert int(str(used["processes_most"])) >= 1
        await place.lamina("rm", "-f", "lab-a")
        with pytest.raises(NotFound):
            await limits.use(place, container="lab-a", seconds=0.1)


async def test_nobody_watches_for_long(outer: Settings) -> None:
    async with opened(outer, {}) as place:
        for seconds in (0, 3600):
            with pytest.raises(InvalidArgument):
                await limits.watch(place, container="lab-a", seconds=seconds)
        with pytest.raises(InvalidArgument):
            await limits.limit_can_be_kept(place, what="disk")
