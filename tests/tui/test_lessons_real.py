"""A lesson on the screen over the real engine: done by Enter, typed, done elsewhere; and nothing is left."""

from __future__ import annotations

import asyncio
import sys

import pytest

from engine.lessons.catalogue import own_directory
from engine.lessons.scratch import lesson_settings
from engine.settings import Settings
from tests.support import leaks
from tests.tui.driving import Driver, app_of, ready, screen_lines, until
from tests.tui.test_lessons import at
from tui.app import Lamina
from tui.lessons.school import OwnSchool

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

_OWN = """\
title = "Mine"
about = "Three ways to do a step."

[[step]]
title = "By Enter"
text = "A [container] ends."
do = [{ run = "lamina run --name lab-a lab/base echo hello", name = "run" }]
measure = [{ measure = "container", name = "a", container = "lab-a" }]
check = [{ check = "says", of = "run.said", text = "hello" }]
show = [{ picture = "table", title = "How it ended", of = "a.code", labels = "code" }]
after = "It ended with {measured.a.code}."

[[step]]
title = "Typed"
text = "Name it anew."
do = ["lamina rename lab-a lab-b"]
check = [{ check = "container_is_gone", container = "lab-a" }]

[[step]]
title = "Elsewhere"
text = "Remove it."
do = ["lamina rm lab-b"]
check = [{ check = "container_is_gone", container = "lab-b" }]
"""


async def _elsewhere(store: str, *words: str) -> int:
    """Run `lamina` as a second terminal would."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "engine.cli", "--root", store, *words, stdout=asyncio.subprocess.DEVNULL
    )
    return await process.wait()


def _store(pilot: Driver) -> str:
    course = app_of(pilot).state.course
    assert course is not None
    return course.store


@pytest.mark.timeout(180)
async def test_lesson_is_done_in_three_ways_and_leaves_nothing(settings: Settings) -> None:
    own_directory().mkdir(parents=True)
    (own_directory() / "mine.toml").write_text(_OWN, "utf-8")
    app = Lamina(settings)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        app.commands.open_lessons()
        await until(pilot, lambda: "Mine" in "\n".join(screen_lines(pilot)), "the list")
        await pilot.press("slash", *"mine", "enter")
        await until(pilot, lambda: "Three ways" in "\n".join(screen_lines(pilot)), "the lesson")
        await pilot.press("enter")
        await until(pilot, at(pilot, 1, "open"), "the first step", seconds=90)
        await pilot.press("enter")
        await until(pilot, at(pilot, 1, "done"), "what Enter did", seconds=60)
        await until(pilot, lambda: "It ended with 0." in "\n".join(screen_lines(pilot)), "what it came to")
        await pilot.press("n")
        await until(pilot, at(pilot, 2, "open"), "the second step", seconds=30)
        await pilot.press("t", *"rename lab-a lab-b", "enter")
        await until(pilot, at(pilot, 2, "done"), "what was typed", seconds=60)
        await pilot.press("n")
        await until(pilot, at(pilot, 3, "open"), "the third step", seconds=30)
        assert await _elsewhere(_store(pilot), "rm", "lab-b") == 0
        await until(pilot, at(pilot, 3, "done"), "what another terminal did", seconds=60)
        assert OwnSchool(settings).shelf().done == {"mine": 3}
        await pilot.press("escape")
        teacher = app.commands.teacher
        assert teacher is not None
        await until(pilot, lambda: teacher.is_over, "all is cleared away", seconds=60)
    assert not lesson_settings(settings).root.exists()
    assert not leaks.processes_of(settings.root)


@pytest.mark.timeout(120)
async def test_lesson_that_is_quit_in_the_midst_leaves_nothing(settings: Settings) -> None:
    app = Lamina(settings)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        app.commands.begin(OwnSchool(settings).shelf().lessons[0], 1)
        await until(pilot, at(pilot, 1, "open"), "the first step", seconds=90)
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.state.course and app.state.course.busy), "a command")
        app.exit()
    assert not lesson_settings(settings).root.exists()
    assert not leaks.processes_of(settings.root)
