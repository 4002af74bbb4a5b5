"""Watching a container while it runs into its limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InvalidArgument, NotFound, Unavailable
from engine.lessons import limits
from engine.lessons.events import Acted, Ran, Underway
from engine.lessons.reading import read_lesson
from engine.lessons.runner import LessonRun
from engine.lessons.scratch import opened
from engine.settings import Settings

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

WATCHED = """\
title = "Watched"
about = "One step."

[[step]]
title = "Watch"
text = "Watch it."
do = [
  "lamina create --name lab-a --network none lab/base sh -c 'echo here; sleep 600'",
  { action = "watch", name = "use", container = "lab-a", seconds = 20, until = "here", draw = "processes" },
]
check = [{ check = "at_least", of = "use.processes_most", value = 1 }]
"""


async def test_container_is_watched_until_it_says_something(outer: Settings, lesson_file: Path) -> None:
    lesson_file.write_text(WATCHED)
    lesson = read_lesson(lesson_file)
    async with opened(outer, lesson.given) as place:
        events = [event async for event in LessonRun(lesson, place).do(1)]
        assert list(dict.fromkeys(map(type, events))) == [Ran, Underway, Acted]
        series = place.figures["use.processes"].value
        assert isinstance(series, tuple)
        assert len(series) == place.figures["use.samples"].value
        assert sum(isinstance(event, Underway) for event in events) == len(series)
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
            await limits.watch(place, container="lab-a", seconds=1, draw="blood")  # type: ignore[arg-type]  # a placeholder may bring it
        with pytest.raises(InvalidArgument):
            await limits.limit_can_be_kept(place, what="disk")  # type: ignore[arg-type]  # a placeholder may bring it
