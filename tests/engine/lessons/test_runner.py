"""A lesson is run on a real store, step by step, and leaves nothing behind."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from engine.errors import Conflict
from engine.lessons.catalogue import CONTENT, lesson_files, lessons
from engine.lessons.choosing import with_choices
from engine.lessons.events import Checked, LessonDone, LessonEvent, Measured, Pictured, Ran, StepDone
from engine.lessons.models import Lesson
from engine.lessons.reading import read_lesson
from engine.lessons.runner import LessonRun
from engine.lessons.scratch import lesson_settings, opened, reset
from engine.settings import Settings
from tests.support import leaks
from tests.support.command import Lamina
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

CHOICES = {"only-what-changed": ["speed=40000000"]}  # so that its test takes less time
OURS = sorted(name for name, path in lesson_files().items() if path.parent == CONTENT)


def nothing_left(settings: Settings) -> bool:
    return not lesson_settings(settings).root.exists() and not leaks.processes_of(settings.root)


def bad(events: list[LessonEvent]) -> list[str]:
    """What did not hold."""
    found = [
        f"{event.number} {event.said}" for event in events if isinstance(event, Checked) and not event.ok
    ]
    return found + [
        f"step {event.number}" for event in events if isinstance(event, StepDone) and not event.ok
    ]


async def test_events_of_a_step_come_in_their_order(outer: Settings, lesson_file: Path) -> None:
    lesson = read_lesson(lesson_file)
    async with opened(outer, lesson.given) as place:
        run = LessonRun(lesson, place)
        assert run.introduce(1).commands == ("lamina run --name lab-a lab/base echo hello",)
        events = [event async for event in run.do(1)] + [event async for event in run.look(1)]
        kinds = list(dict.fromkeys(type(event) for event in events))
        assert kinds == [Ran, Measured, Pictured, Checked, StepDone]
        assert "hello" in str(place.figures["run.said"].value)
        assert run.say(lesson.steps[0].after).endswith("s.")
    assert nothing_left(outer)


async def test_step_is_done_when_the_learner_did_it_elsewhere(outer: Settings, lesson_file: Path) -> None:
    lesson = read_lesson(lesson_file)
    async with opened(outer, lesson.given) as place:
        run = LessonRun(lesson, place)
        assert bad([event async for event in run.look(1)])
        await place.lamina("run", "--name", "lab-a", "lab/base", "echo", "hello")
        await place.lamina("rm", "lab-a")
        assert not bad([event async for event in run.look(2)])


async def test_command_that_fails_leaves_its_step_undone(outer: Settings, lesson_file: Path) -> None:
    lesson_file.write_text(lesson_file.read_text().replace("echo {given.word}", "sh -c 'echo hello; exit 3'"))
    lesson = read_lesson(lesson_file)
    async with opened(outer, lesson.given) as place:
        run = LessonRun(lesson, place)
        ran = [event async for event in run.do(1) if isinstance(event, Ran)]
        assert ran[0].code == 3
        assert "step 1" in bad([event async for event in run.look(1)])


async def test_two_lessons_of_one_store_do_not_run_at_once(outer: Settings) -> None:
    async with opened(outer, {}):
        with pytest.raises(Conflict):
            async with opened(outer, {}):
                pass
        with pytest.raises(Conflict):
            await reset(outer)


_BEGUN = ("lab", "start", "from-registry-to-running", "--auto", "--speed", "4")


def _has_container(outer: Settings) -> bool:
    return any((lesson_settings(outer).root / "containers").glob("*/state"))


async def test_lesson_that_was_killed_is_swept_by_the_next(outer: Settings) -> None:
    with Lamina(outer.root).start(*_BEGUN) as front:
        try:
            assert eventually(lambda: _has_container(outer), 60, every=0.1)
        finally:
            front.kill()
    assert lesson_settings(outer).root.exists()
    await reset(outer)
    assert eventually(lambda: nothing_left(outer), every=0.1)


def test_lesson_that_is_ended_removes_its_store(outer: Settings) -> None:
    with Lamina(outer.root).start(*_BEGUN) as front:
        try:
            assert eventually(lambda: _has_container(outer), 60, every=0.1)
            front.send_signal(signal.SIGINT)
            _, err = front.communicate(timeout=50)
        finally:
            front.kill()
    assert front.returncode == 130
    assert b"fault" not in err
    assert eventually(lambda: nothing_left(outer), every=0.1)


def test_every_lesson_of_ours_is_sound() -> None:
    found, faults = lessons()
    assert not faults
    assert {lesson.name for lesson in found} >= set(OURS)


@pytest.mark.parametrize("name", OURS)
async def test_checks_fail_before_a_step_and_hold_after_it(
    name: str, outer: Settings, no_leaks: None
) -> None:
    lesson = with_choices(read_lesson(lesson_files()[name], ours=True), CHOICES.get(name, ()))
    bridges = ours_of(lesson_settings(outer).root)
    assert not bridges
    async with opened(outer, lesson.given) as place:
        await _through(LessonRun(lesson, place), lesson)
    assert eventually(lambda: nothing_left(outer), every=0.1)
    assert not ours_of(lesson_settings(outer).root)


async def _through(run: LessonRun, lesson: Lesson) -> None:
    for number, step in enumerate(lesson.steps, 1):
        if step.do:
            assert bad([event async for event in run.look(number)]), f"step {number} holds before it is done"
        events = [event async for event in run.do(number)] + [event async for event in run.look(number)]
        assert not bad(events)
        if run.left_out(number):
            continue  # and said to be, with the reason
        assert "(not measured)" not in run.say(step.after)
        assert sum(isinstance(event, Pictured) for event in events) == len(step.show)
    assert isinstance(run.done(True), LessonDone)


def ours_of(root: Path) -> list[str]:
    """Bridges of the host that belong to a store."""
    from engine.linux.rtnetlink import Routing
    from engine.network.bridges import is_ours, owner_of

    with Routing() as routing:
        return [link.name for link in routing.links() if is_ours(link) and owner_of(link)[1] == str(root)]
