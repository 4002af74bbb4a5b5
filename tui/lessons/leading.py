"""Leading through one step of a lesson: each thing done, measured and checked, told as it happens."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.errors import InvalidArgument
from engine.lessons.events import LessonEvent, StepDone
from engine.lessons.models import Command
from tui.lessons.course import Course, StepPage, did, emptied, looked, opened_page, tried

if TYPE_CHECKING:
    from engine.lessons.runner import LessonRun
    from tui.lessons.school import School


class Leading:
    """Does what a step asks for, and keeps how the course stands.

    :param tell: gets the course after each change.
    """

    def __init__(
        self, school: School, run: LessonRun, course: Course, tell: Callable[[Course], None]
    ) -> None:
        self._school, self._run, self._tell = school, run, tell
        self.course = course

    def change(self, **changes: object) -> None:
        """Say something new about the course."""
        self.course = replace(self.course, **changes)  # type: ignore[arg-type]  # fields of Course
        self._tell(self.course)

    def _turn(self, page: StepPage) -> None:
        self.course = self.course.with_page(page)
        self._tell(self.course)

    @property
    def page(self) -> StepPage:
        """The step one is at."""
        page = self.course.page
        assert page is not None
        return page

    @asynccontextmanager
    async def _busy(self, what: str) -> AsyncIterator[None]:
        self.change(busy=what, trouble=("", ""))
        try:
            yield
        finally:
            self.change(busy="")

    async def introduce(self, number: int) -> LessonEvent:
        """Come to a step, and see how its checks stand before anything is done."""
        event = self._run.introduce(number)
        step = self._run.lesson.steps[number - 1]
        self._turn(opened_page(event, self._run.say(step.hint)))
        await self.notice()
        return event

    async def notice(self) -> bool:
        """See how the checks stand; whether the step was done elsewhere.

        That is so where all checks that can be known hold now and did not before, none waits for the
        output of a command, and the learner is not in the midst of doing it here.
        """
        page = self.page
        if page.state == "done":
            return False
        self._turn(replace(page, standing=tuple(await self._run.standing(page.number))))
        came = _hold(self.page) and bool(page.standing) and not _hold(page)
        begun = any(deed.state == "done" for deed in page.deeds) and page.next_deed is not None
        return came and not begun and not self._waits_for_output()

    def _waits_for_output(self) -> bool:
        step = self._run.lesson.steps[self.page.number - 1]
        spoken = tuple(f"{doing.name}." for doing in step.do if doing.name)
        wanted = [name.strip() for use in step.check for name in str(use.parameters.get("of", "")).split(",")]
        known = self._run.place.figures
        return any(spoken and name.startswith(spoken) and name not in known for name in wanted)

    async def do_one(self) -> LessonEvent | None:
        """Do the next thing of the step; None where nothing is left."""
        index = self.page.next_deed
        if index is None:
            return None
        told: LessonEvent | None = None
        async with self._busy(self.page.deeds[index].text):
            self._turn(self.page.with_deed(index, state="doing"))
            try:
                async for told in self._run.do_one(self.page.number, index):
                    self._turn(did(self.page, index, told, self._is_well(index, told)))
            finally:
                if self.page.deeds[index].state == "doing":
                    self._turn(self.page.with_deed(index, state="waiting"))
        if self.page.next_deed is not None:
            await self.notice()
        return told

    async def do_all(self) -> bool:
        """Do what is left of the step, or all of it anew where it was not done; whether nothing failed."""
        if self.page.state == "undone" and self.page.next_deed is None:
            deeds = tuple(replace(deed, state="waiting") for deed in self.page.deeds)
            self._turn(replace(self.page, deeds=deeds))
        while self.page.next_deed is not None:
            index = self.page.next_deed
            await self.do_one()
            if self.page.deeds[index].state == "failed":
                return False
        return True

    async def look(self) -> LessonEvent | None:
        """Measure, draw and check; the end of the step where all holds."""
        told: LessonEvent | None = None
        async with self._busy("measuring and checking"):
            self._turn(emptied(self.page))
            async for told in self._run.look(self.page.number):
                self._turn(looked(self.page, told))
            if isinstance(told, StepDone) and told.ok:
                await self.keep()
                if self.page.number == len(self.course.steps):
                    self._finish()
        return told

    async def keep(self) -> None:
        """Note that this step is behind one."""
        await asyncio.to_thread(self._school.keep, self.course.name, self.page.number)

    def _finish(self) -> None:
        ok = all(page.state == "done" for page in self.course.pages)
        self.change(finished=True, auto=False, seconds=self._run.done(ok).seconds)

    async def typed(self, text: str) -> None:
        """Run what the learner typed; look when that was the last thing to do, or made the checks hold.

        :raises InvalidArgument: it is no command of lamina.
        """
        typed_words(text)
        async with self._busy(text):
            ran, index = await self._run.typed(self.page.number, text)
        if index is None:
            self._turn(tried(self.page, ran))
        else:
            self._turn(did(self.page, index, ran, self._is_well(index, ran)))
        if self.page.state == "done":
            return
        if (index is not None and self.page.next_deed is None) or await self.notice():
            await self.look()

    def _is_well(self, index: int, event: LessonEvent) -> bool:
        doing = self._run.lesson.steps[self.page.number - 1].do[index]
        code = getattr(event, "code", 0)
        if not isinstance(doing, Command):
            return True
        return code != 0 if doing.code < 0 else code == doing.code


def words_of(text: str) -> list[str]:
    """The words of a line, as a shell would split it.

    :raises InvalidArgument: its quotes do not close.
    """
    try:
        return shlex.split(text)
    except ValueError as error:
        raise InvalidArgument(str(error).lower()) from error


def typed_words(text: str) -> list[str]:
    """The words of a command that a learner may type.

    :raises InvalidArgument: its quotes do not close, or it is no command of lamina.
    """
    words = words_of(text)
    if words[:1] != ["lamina"] or len(words) < 2:
        raise InvalidArgument("only commands of lamina are run here; they work on the lesson's store")
    return words


def _hold(page: StepPage) -> bool:
    known = [check for check in page.standing if check is not None]
    return bool(known) and all(check.ok for check in known)
