"""Pictures of the lessons' screens, in three sizes and two themes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from engine.lessons import glossary
from engine.lessons.models import Term
from tests.tui.conftest import Make
from tests.tui.driving import Driver, app_of, ready, screen_lines, until
from tests.tui.fake_school import BROKEN, FakeSchool
from tests.tui.fake_still import StillSource
from tests.tui.pictures import SIZES, THEMES, compare, pictures, settled, sized

_WORDS = (
    Term("base layer", "The lowest layer of a stack.", "lamina layers IMAGE"),
    Term("container", "A program that runs from an image.", "lamina ps; panel 2 of the workstation"),
    Term("image", "Files and a few settings, packed.", "lamina images; panel 1 of the workstation"),
    Term("pull", "To fetch an image from a registry, only what is not here yet.", "lamina pull IMAGE; key P"),
    Term("registry", "A server that keeps images and hands them out over HTTP.", "lamina tags lab/web"),
    Term("virtual machine", "A whole computer imitated by a program.", "lamina lab start virtual-machine"),
)
Steps = Callable[[Driver], Awaitable[None]]


async def _until_shown(pilot: Driver, words: str) -> None:
    await until(pilot, lambda: words in "\n".join(screen_lines(pilot)), words)


async def _list(pilot: Driver) -> None:
    await pilot.press("8")
    await _until_shown(pilot, "Steps")


async def _begin(pilot: Driver) -> None:
    await pilot.press("j", "enter")
    await _until_shown(pilot, "As it is now")


async def _do(pilot: Driver) -> None:
    await pilot.press("enter")
    state = app_of(pilot).state
    await until(pilot, lambda: bool(state.course and state.course.page and state.course.page.after), "it")
    await _until_shown(pilot, "done")


async def _project(pilot: Driver) -> None:
    await pilot.press("p")
    app = app_of(pilot)
    await until(pilot, lambda: app.screen.has_class("-right"), "the right page")


async def _type(pilot: Driver) -> None:
    await pilot.press("p", "n")
    await _until_shown(pilot, "○ lamina ps -a")
    await pilot.press("h", "t", *"ps")


async def _words(pilot: Driver) -> None:
    await pilot.press("escape", "9")
    await _until_shown(pilot, "base layer")


_SCREENS: dict[str, Steps] = {
    "lessons": _list,
    "lesson": _begin,
    "lesson-done": _do,
    "lesson-projected": _project,
    "lesson-typing": _type,
    "glossary": _words,
}
"""Each is gone to from the one before."""

OPENS = {"lessons": "Lessons", "lesson": "LessonScreen", "glossary": "Glossary"}
"""Which screen a picture is of, one for each."""


@pytest.fixture(autouse=True)
def _few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words of these tests' own, so that a new word in the glossary changes no picture."""
    monkeypatch.setattr(glossary, "glossary", lambda: {term.name: term for term in _WORDS})


def _school(directory: Path) -> FakeSchool:
    school = FakeSchool(directory)
    school.done, school.faults = {"image": 2}, (BROKEN,)
    return school


@pytest.mark.parametrize("theme", THEMES)
async def test_screens(request: pytest.FixtureRequest, make: Make, tmp_path: Path, theme: str) -> None:
    app = make(StillSource(empty=True), theme=theme)
    app.commands.school = _school(tmp_path)
    async with app.run_test(size=SIZES[0]) as pilot:
        await ready(pilot)
        for screen, steps in _SCREENS.items():
            await sized(pilot, *SIZES[0])
            await steps(pilot)
            assert OPENS.get(screen, "") in ("", type(app.screen).__name__)
            compare(request, f"{screen}-{theme}", await pictures(pilot))


async def test_tall_and_plain(request: pytest.FixtureRequest, make: Make, tmp_path: Path) -> None:
    app = make(StillSource(empty=True), screen={"plain": True})
    app.commands.school = _school(tmp_path)
    async with app.run_test(size=SIZES[0]) as pilot:
        await ready(pilot)
        for steps in (_list, _begin, _do):
            await steps(pilot)
            assert (await settled(pilot)).isascii()
        found = {}
        for width, height in ((200, 60), (60, 80), (60, 16)):
            await sized(pilot, width, height)
            found[f"{width}x{height}"] = await settled(pilot)
        compare(request, "lesson-sizes", found)
