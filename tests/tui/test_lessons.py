"""Lessons on the screen: the list, every key of a lesson, and that it is left only after a question."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.tui.conftest import Make
from tests.tui.driving import Driver, app_of, ready, screen_lines, until
from tests.tui.fake import FakeSource
from tests.tui.fake_school import BROKEN, FETCH, FakeSchool
from tui.lessons.course import StepPage
from tui.screens.confirm import Confirm
from tui.screens.glossary import Glossary
from tui.screens.lesson import LessonScreen
from tui.screens.lessons import Lessons

SIZE = (120, 30)
VERBS = frozenset({
    "lessons", "glossary", "projector", "lesson_anew", "lesson_auto", "lesson_reset", "lesson_type",
    "lesson_hint", "lesson_step(1)", "lesson_step(-1)", "lesson_one", "lesson_look", "lesson_outputs",
    "lesson_stop", "lesson_choose", "lesson_shell", "lesson_pace(1)", "lesson_pace(-1)",
})  # fmt: skip
"""Verbs that are done here by their keys."""


def shows(pilot: Driver, words: str) -> bool:
    return words in "\n".join(screen_lines(pilot))


async def seen(pilot: Driver, words: str) -> None:
    """Wait until words stand on the screen."""
    await until(pilot, lambda: shows(pilot, words), words)


def page(pilot: Driver) -> StepPage:
    course = app_of(pilot).state.course
    assert course is not None
    assert course.page is not None
    return course.page


@pytest.fixture
def school(tmp_path: Path) -> FakeSchool:
    return FakeSchool(tmp_path)


@asynccontextmanager
async def listed(
    make: Make, school: FakeSchool, size: tuple[int, int] = SIZE, settings: Mapping[str, object] | None = None
) -> AsyncIterator[Driver]:
    """The list of lessons, over a store without anything."""
    app = make(FakeSource(empty=True), screen=settings)
    app.commands.school = school
    async with app.run_test(size=size, notifications=True) as pilot:
        await ready(pilot)
        await pilot.press("8")
        await until(pilot, lambda: shows(pilot, "Image"), "the lessons")
        yield pilot


@asynccontextmanager
async def begun(make: Make, school: FakeSchool, size: tuple[int, int] = SIZE) -> AsyncIterator[Driver]:
    """The first lesson at its first step."""
    async with listed(make, school, size) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: state(pilot) == "open", "the first step")
        yield pilot


def state(pilot: Driver) -> str:
    """How the step one is at stands; "" while something is under way."""
    course = app_of(pilot).state.course
    return course.page.state if course is not None and course.page is not None and not course.busy else ""


def at(pilot: Driver, number: int, is_state: str) -> Callable[[], bool]:
    return lambda: state(pilot) == is_state and page(pilot).number == number


async def test_list_says_how_far_one_is_and_what_is_no_lesson(make: Make, school: FakeSchool) -> None:
    school.done, school.faults = {"image": 2, "layers": 3}, (BROKEN,)
    async with listed(make, school) as pilot:
        await seen(pilot, "2/3")
        await seen(pilot, "go on at 3")
        await seen(pilot, "▸ 3  Remove it")
        await pilot.press("j")
        await until(pilot, lambda: shows(pilot, "All 3 steps are done"), "the second")
        await pilot.press("j")
        await until(pilot, lambda: shows(pilot, "mine.toml:3"), "the fault")
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, Lessons)


async def test_step_is_done_by_enter_and_the_next_is_gone_to(make: Make, school: FakeSchool) -> None:
    async with begun(make, school) as pilot:
        await seen(pilot, "do it for me")
        await seen(pilot, "○ lamina pull lab/web:1")
        await pilot.press("enter")
        await until(pilot, at(pilot, 1, "done"), "the first step")
        await seen(pilot, "Layers of lab/web:1")
        await seen(pilot, "It took 1.5 s")
        assert school.done == {"image": 1}
        await pilot.press("enter")
        await until(pilot, at(pilot, 2, "open"), "the second step")
        await pilot.press("n")
        await until(pilot, at(pilot, 3, "open"), "the third")
        assert school.done == {"image": 2}
        await pilot.press("enter")
        await until(pilot, at(pilot, 3, "done"), "the end")
        await until(pilot, lambda: shows(pilot, "This is the end"), "the word for it")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Lessons), "the list, without a question")
        await until(pilot, lambda: school.open == 0, "all is cleared away")


async def test_one_goes_on_where_one_was(make: Make, school: FakeSchool) -> None:
    school.done = {"image": 2}
    async with listed(make, school) as pilot:
        await pilot.press("enter")
        await until(pilot, at(pilot, 3, "open"), "the third step")
        assert school.place is not None
        assert ("pull", "lab/web:1") in school.place.ran
        await pilot.press("b")
        await seen(pilot, "read again")
        await seen(pilot, "Nothing runs yet")
        await pilot.press("b", "n", "escape")
        await seen(pilot, "An image that nobody needs")


async def test_lesson_is_begun_at_its_first_step_all_the_same(make: Make, school: FakeSchool) -> None:
    school.done = {"image": 2}
    async with listed(make, school) as pilot:
        await pilot.press("s")
        await until(pilot, at(pilot, 1, "open"), "the first step")


async def test_command_is_typed_and_the_step_is_done_by_it(make: Make, school: FakeSchool) -> None:
    async with begun(make, school) as pilot:
        await pilot.press("t", *"reboot", "enter")
        await until(pilot, lambda: bool(page(pilot).tried), "what was tried")
        await pilot.press("t", "up")
        assert app_of(pilot).screen.query_one("#typing").value == "lamina reboot"  # type: ignore[attr-defined]
        await pilot.press("escape", "t", *"lamina pull lab/web:1", "enter")
        await until(pilot, at(pilot, 1, "done"), "the step")
        await pilot.press("n")
        await until(pilot, at(pilot, 2, "open"), "the second step")
        await pilot.press("t", *"images", "enter")
        await until(pilot, lambda: page(pilot).deeds[0].state == "done", "the first of two")
        assert page(pilot).state == "open"


async def test_quote_that_does_not_close_is_refused(make: Make, school: FakeSchool) -> None:
    async with begun(make, school) as pilot:
        await pilot.press("t", *"run 'x", "enter")
        await until(pilot, lambda: shows(pilot, "no closing quotation"), "the word")
        assert school.place is not None
        assert school.place.ran == []


async def test_what_was_done_in_another_terminal_is_noticed(make: Make, school: FakeSchool) -> None:
    school.done = {"image": 2}
    async with listed(make, school) as pilot:
        await pilot.press("enter")
        await until(pilot, at(pilot, 3, "open"), "the third step")
        del school.source.stacks["lab/web:1"]
        school.source.changed()
        await until(pilot, at(pilot, 3, "done"), "the step")


async def test_step_that_waits_for_an_output_is_not_done_elsewhere(make: Make, school: FakeSchool) -> None:
    async with begun(make, school) as pilot:
        school.source.stacks["lab/web:1"] = school.source.stacks["debian:12"]
        school.source.changed()
        await until(pilot, lambda: shows(pilot, "✓ lab/web:1 is here"), "the check")
        assert page(pilot).state == "open"


async def test_hint_outputs_and_checks_are_looked_at_by_keys(make: Make, school: FakeSchool) -> None:
    async with begun(make, school) as pilot:
        await pilot.press("h")
        await seen(pilot, "Press Enter to have it done.")
        await pilot.press("v")
        await until(pilot, at(pilot, 1, "undone"), "that it is not done")
        await seen(pilot, "not done ✗")
        await pilot.press("enter")
        await until(pilot, at(pilot, 1, "done"), "that it is")
        await until(pilot, lambda: not shows(pilot, "CONTAINER ID"), "the picture instead")
        await pilot.press("o")
        await seen(pilot, "CONTAINER ID")


async def test_only_one_thing_is_done(make: Make, school: FakeSchool) -> None:
    async with begun(make, school) as pilot:
        await pilot.press("n")
        await until(pilot, at(pilot, 2, "open"), "the second step")
        await pilot.press("d")
        await until(pilot, lambda: page(pilot).deeds[0].state == "done", "the first thing")
        await until(pilot, at(pilot, 2, "open"), "that it waits")
        assert page(pilot).deeds[1].state == "waiting"
        await pilot.press("d")
        await until(pilot, at(pilot, 2, "done"), "the second thing")


async def test_what_is_under_way_can_be_stopped(make: Make, school: FakeSchool) -> None:
    async with begun(make, school) as pilot:
        school.hold.clear()
        await pilot.press("enter")
        await until(pilot, lambda: page(pilot).deeds[0].state == "doing", "the command")
        await pilot.press("n")
        await until(pilot, lambda: shows(pilot, "Under way"), "that one thing is done at a time")
        await pilot.press("X")
        await until(pilot, lambda: page(pilot).deeds[0].state == "waiting", "that it is stopped")
        await until(pilot, lambda: shows(pilot, "stopped"), "that it says so")
        school.hold.set()
        await pilot.press("enter")
        await until(pilot, at(pilot, 1, "done"), "that it can be done again")


async def test_command_and_shell_are_copied(make: Make, school: FakeSchool) -> None:
    async with begun(make, school) as pilot:
        await pilot.press("y")
        assert pilot.app.clipboard == "lamina pull lab/web:1"
        await pilot.press("e")
        assert pilot.app.clipboard == "export LAMINA_ROOT=/var/lib/lesson"


async def test_lesson_goes_on_by_itself_at_a_pace(make: Make, school: FakeSchool) -> None:
    async with begun(make, school) as pilot:
        await pilot.press("plus")
        await until(pilot, lambda: shows(pilot, "It waits for you"), "the word")
        await pilot.press("a")
        await until(pilot, lambda: shows(pilot, "unattended ×1"), "the pace")
        await pilot.press(*["plus"] * 4)
        await until(pilot, lambda: shows(pilot, "×16"), "a faster one")
        await pilot.press("minus")
        await until(pilot, lambda: shows(pilot, "×8"), "a slower one")
        await pilot.press("plus")
        await until(pilot, at(pilot, 3, "done"), "the end", seconds=30)
        course = app_of(pilot).state.course
        assert course is not None
        assert course.finished
        assert not course.auto


async def test_lesson_is_left_only_after_a_question(make: Make, school: FakeSchool) -> None:
    async with begun(make, school) as pilot:
        for key in ("escape", "q", "alt+left"):
            await pilot.press(key)
            assert isinstance(pilot.app.screen, Confirm)
            await pilot.press("n")
            assert isinstance(pilot.app.screen, LessonScreen)
        school.hold.clear()
        await pilot.press("enter")
        await until(pilot, lambda: page(pilot).deeds[0].state == "doing", "a command")
        await pilot.press("escape", "y")
        await until(pilot, lambda: isinstance(pilot.app.screen, Lessons), "the list")
        await until(pilot, lambda: school.open == 0, "all is cleared away")


async def test_store_is_removed_before_the_program_ends(make: Make, school: FakeSchool) -> None:
    async with begun(make, school) as pilot:
        assert school.open == 1
        await pilot.press("q", "y")
        await until(pilot, lambda: not pilot.app.is_running, "the end")
    assert school.open == 0


async def test_lesson_ends_with_a_program_that_is_told_to_end(make: Make, school: FakeSchool) -> None:
    async with begun(make, school) as pilot:
        pilot.app.exit()
    assert school.open == 0


async def test_lesson_whose_store_is_still_made_can_be_left(make: Make, school: FakeSchool) -> None:
    school.hold_open.clear()
    async with listed(make, school) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: shows(pilot, "A store of its own is made"), "the opening")
        await seen(pilot, "lab/base: gathering (1 of 7)")
        await pilot.press("escape", "y")
        teacher = app_of(pilot).commands.teacher
        assert teacher is not None
        await until(pilot, lambda: teacher.is_over, "the end")
        school.hold_open.set()
        await pilot.press("enter")
        await until(pilot, at(pilot, 1, "open"), "the next one")


async def test_lesson_is_forgotten_after_a_question(make: Make, school: FakeSchool) -> None:
    school.done = {"image": 2}
    async with listed(make, school) as pilot:
        await pilot.press("r", "y")
        await until(pilot, lambda: school.done == {}, "that it is forgotten")
        await until(pilot, lambda: shows(pilot, "0/3"), "the list")
        await pilot.press("a")
        await until(pilot, lambda: shows(pilot, "unattended"), "the unattended lesson")


async def test_values_are_chosen_before_a_lesson_begins(make: Make, tmp_path: Path) -> None:
    text = FETCH.replace("\n[[step]]", "\n[given]\nspeed = 5\n\n[[step]]", 1)
    school = FakeSchool(tmp_path, image=text)
    async with listed(make, school) as pilot:
        await seen(pilot, "speed=5 ")
        await pilot.press("c", "backspace", *"x'", "enter")
        await seen(pilot, "no closing quotation")
        await pilot.press(*["backspace"] * 2, *"70", "enter")
        await seen(pilot, "speed=70")
        await pilot.press("enter")
        await until(pilot, at(pilot, 1, "open"), "the first step")
        assert school.begun == [{"speed": 70}]


async def test_workstation_that_only_looks_starts_no_lesson(make: Make, school: FakeSchool) -> None:
    async with listed(make, school, settings={"read-only": True}) as pilot:
        await pilot.press("enter", "s", "a")
        assert isinstance(pilot.app.screen, Lessons)
        assert school.open == 0


async def test_word_under_the_cursor_leads_to_the_glossary(make: Make, school: FakeSchool) -> None:
    async with begun(make, school) as pilot:
        await pilot.press("j")
        await seen(pilot, "about image")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Glossary), "the glossary")
        await until(pilot, lambda: shows(pilot, "see panel 1"), "the word")
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press("y")
        await until(pilot, lambda: app_of(pilot).workbench.is_current, "the panel")
        await until(pilot, lambda: school.open == 0, "all is cleared away")


async def test_words_are_searched_and_lead_where_they_are_seen(make: Make, school: FakeSchool) -> None:
    async with listed(make, school) as pilot:
        await pilot.press("9")
        await until(pilot, lambda: shows(pilot, "base layer"), "the words")
        await pilot.press("slash", *"cable", "enter")
        await until(pilot, lambda: shows(pilot, "veth pair"), "the one with the word")
        await pilot.press("y")
        assert pilot.app.clipboard == "lamina network inspect NETWORK"
        await pilot.press("escape", "slash", *"copy-up", "enter")
        await until(pilot, lambda: shows(pilot, "see tab Overlay"), "the other word")
        await pilot.press("enter")
        bench = app_of(pilot).workbench
        await until(pilot, lambda: bench.is_current, "the workbench")
        await until(pilot, lambda: shows(pilot, "once there is a container"), "the word")


async def test_word_leads_to_the_tab_of_a_container(make: Make) -> None:
    async with make().run_test(size=SIZE) as pilot:
        await ready(pilot)
        app_of(pilot).commands.open_glossary("copy-up")
        await until(pilot, lambda: shows(pilot, "see tab Overlay"), "the word")
        await pilot.press("enter")
        bench = app_of(pilot).workbench
        await until(pilot, lambda: bench.is_current and bench.inspector.tab == "Overlay", "its tab")


async def test_image_that_the_palette_finds_is_gone_to_from_the_lessons(make: Make) -> None:
    async with make().run_test(size=SIZE) as pilot:
        await ready(pilot)
        await pilot.press("8", "colon", *"redis", "enter")
        bench = app_of(pilot).workbench
        await until(pilot, lambda: bench.is_current and bench.images.cursor == 2, "the image")


async def test_help_leads_to_the_words(make: Make) -> None:
    async with make().run_test(size=SIZE) as pilot:
        await ready(pilot)
        await pilot.press("question_mark", "9")
        await until(pilot, lambda: isinstance(pilot.app.screen, Glossary), "the glossary")
        await pilot.press("escape")
        assert app_of(pilot).workbench.is_current


async def test_projector_is_high_in_contrast_and_goes_back(make: Make, school: FakeSchool) -> None:
    async with begun(make, school) as pilot:
        app = app_of(pilot)
        await pilot.press("p")
        assert app.palette.theme.name == "contrast-dark"
        assert app.commands.usual_theme == "lamina-dark"
        await until(pilot, lambda: not shows(pilot, "To do"), "one page alone")
        await pilot.press("enter")
        await until(pilot, lambda: shows(pilot, "all that was checked holds"), "the picture")
        await pilot.press("p")
        assert app.palette.theme.name == "lamina-dark"
        await seen(pilot, "Checked")
