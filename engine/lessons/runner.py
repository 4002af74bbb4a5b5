"""A run of a lesson: told step by step in events, whoever draws them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from engine.errors import LaminaError, NotSupported
from engine.lessons import glossary, prose, vocabulary
from engine.lessons.commands import check_command
from engine.lessons.events import (
    Acted,
    Checked,
    LessonDone,
    LessonEvent,
    LessonStarted,
    Measured,
    Picture,
    Pictured,
    Ran,
    Skipped,
    StepDone,
    StepStarted,
    Underway,
)
from engine.lessons.figures import Figure, Unit, one_line
from engine.lessons.models import Command, Doing, Lesson, Step, Use, Value
from engine.lessons.place import Outcome, Place
from engine.printable import printable

_LINES = 16  # of a command's output that are shown


class LessonRun:
    """One lesson in one place. Steps have numbers from 1.

    A front calls `introduce`, lets the learner do what is to be done or calls `do`, and then `look`;
    `whole` does all of it unattended.
    """

    def __init__(self, lesson: Lesson, place: Place) -> None:
        self.lesson, self.place = lesson, place
        self._failed: set[int] = set()  # steps in which something that had to be done was not
        self._left_out: set[int] = set()  # steps that this machine cannot do
        self._began = time.monotonic()
        vocabulary.load()

    def started(self) -> LessonStarted:
        """What a run begins with."""
        root = str(self.place.settings.root)
        return LessonStarted(
            self.lesson.name, self.lesson.title, self.lesson.about, len(self.lesson.steps), root
        )

    def introduce(self, number: int) -> StepStarted:
        """What there is to read and to do in a step, with what was measured before it."""
        step = self._step(number)
        doing = tuple(self.shown(each) for each in step.do)
        return StepStarted(number, self.say(step.title), self.say(step.text), step.terms, doing)

    async def do(self, number: int) -> AsyncIterator[LessonEvent]:
        """Do all that is to be done in a step."""
        for index in range(len(self._step(number).do)):
            async for event in self.do_one(number, index):
                yield event
            if self.left_out(number):
                return

    def left_out(self, number: int) -> bool:
        """Whether something that was to be done said that this machine cannot do the step."""
        return number in self._left_out

    async def do_one(self, number: int, index: int) -> AsyncIterator[LessonEvent]:
        """Do one thing of a step, the first of which is 0."""
        doing = self._step(number).do[index]
        if index == 0:
            self._left_out.discard(number)
        elif self.left_out(number):
            yield Skipped(number, _name(doing), "this is left out with the step", "")
            return
        try:
            if isinstance(doing, Command):
                yield await self._run(number, doing)
            else:
                async for event in self._act(number, doing):
                    yield event
        except NotSupported as error:
            if isinstance(error, vocabulary.StepNotSupported):
                self._left_out.add(number)
            yield Skipped(number, _name(doing), error.message, error.hint)
        except LaminaError as error:
            self._failed.add(number)
            yield Checked(number, _name(doing), False, _told(error))

    async def look(self, number: int) -> AsyncIterator[LessonEvent]:
        """Measure, draw, check: how it stands now. The last event says whether the step is done."""
        if self.left_out(number):
            yield StepDone(number, "", True, "")
            return
        step, ok = self._step(number), number not in self._failed
        for use in step.measure:
            async for event in self._measure(number, use):
                ok = ok and not isinstance(event, Checked)
                yield event
        for use in step.show:
            try:
                yield Pictured(number, await self._call(vocabulary.PICTURES, use))
            except LaminaError as error:
                yield Skipped(number, use.word, error.message, error.hint)
        for use in step.check:
            checked = await self._check(number, use)
            if checked is not None:
                ok = ok and checked.ok
                yield checked
        self._failed.discard(number)
        yield StepDone(number, self.say(step.after), ok, self.say(step.hint))

    async def standing(self, number: int) -> list[Checked | None]:
        """How each check of a step stands now, with nothing measured anew.

        None where a check looks at figures that were not measured, or that this machine cannot give.
        """
        found: list[Checked | None] = []
        for use in self._step(number).check:
            of = str(use.parameters.get("of", ""))
            unknown = any(name.strip() not in self.place.figures for name in of.split(",") if name.strip())
            found.append(None if unknown else await self._check(number, use))
        return found

    async def whole(self, first: int = 1, silent: bool = True) -> AsyncIterator[LessonEvent]:
        """All steps, unattended; nothing is told of those before `first`, which are done all the same."""
        yield self.started()
        ok = True
        for number in range(1, len(self.lesson.steps) + 1):
            tell = number >= first or not silent
            if tell:
                yield self.introduce(number)
            async for event in self.do(number):
                if tell:
                    yield event
            async for event in self.look(number):
                if isinstance(event, StepDone):
                    ok = ok and event.ok
                if tell:
                    yield event
        yield self.done(ok)

    def done(self, ok: bool) -> LessonDone:
        """What a run ends with."""
        return LessonDone(self.lesson.name, ok, time.monotonic() - self._began)

    def shown(self, doing: Doing) -> str:
        """A thing to do as a person would type it, or what an action does."""
        if isinstance(doing, Command):
            return self._fill(doing.text)
        given = " · ".join(f"{key}: {self._fill(str(value))}" for key, value in doing.parameters.items())
        said = vocabulary.described(vocabulary.ACTIONS[doing.word])
        return f"{said.rstrip('.')} ({given})" if given else said

    def say(self, text: str) -> str:
        """A text as it is read: placeholders filled, terms without their brackets."""
        return self._fill(glossary.unmarked(text))

    async def typed(self, number: int, words: str) -> tuple[Ran, int | None]:
        """Run what a learner typed; when it is a command of the step, which one."""
        wanted = [self.shown(each) for each in self._step(number).do]
        text = " ".join(words.split())
        if text in wanted:
            index = wanted.index(text)
            doing = self._step(number).do[index]
            if isinstance(doing, Command):
                return await self._run(number, doing), index
        import shlex

        outcome = await self.place.lamina(*shlex.split(text)[1:])
        return _ran(number, text, outcome), None

    async def _run(self, number: int, doing: Command) -> Ran:
        text = self._fill(doing.text)
        # Checked before places and figures are filled in, which are more than an allowed word may be.
        words = check_command(doing.text, lambda text: prose.filled(text, self.place.given, _left))
        outcome = await self.place.lamina(*map(self._fill, words), typed=self._fill(doing.typed))
        if doing.name:
            self.place.commands[doing.name] = text
            self.place.figures |= {
                f"{doing.name}.seconds": Figure(outcome.seconds, Unit.SECONDS),
                f"{doing.name}.said": Figure(_safe(outcome.text)),
                f"{doing.name}.code": Figure(outcome.code, Unit.COUNT),
            }
        if (outcome.code == 0) if doing.code < 0 else (outcome.code != doing.code):
            self._failed.add(number)
        else:
            self._failed.discard(number)
        return _ran(number, text, outcome)

    async def _act(self, number: int, use: Use) -> AsyncIterator[LessonEvent]:
        began = time.monotonic()
        sketches: asyncio.Queue[Picture | None] = asyncio.Queue()
        self.place.sketch = sketches.put_nowait
        acting = asyncio.ensure_future(self._call(vocabulary.ACTIONS, use))
        acting.add_done_callback(lambda _: sketches.put_nowait(None))
        try:
            while (picture := await sketches.get()) is not None:
                yield Underway(number, use.word, picture)
        finally:
            if not acting.done():  # nobody waits for it any more
                acting.cancel()
                await asyncio.wait({acting})
        done = acting.result()
        for key, figure in done.figures.items() if use.name else ():
            self.place.figures[f"{use.name}.{key}".rstrip(".")] = figure
        yield Acted(number, use.word, one_line(done.said), time.monotonic() - began)

    async def _measure(self, number: int, use: Use) -> AsyncIterator[LessonEvent]:
        try:
            found = await self._call(vocabulary.MEASURES, use)
        except NotSupported as error:
            yield Skipped(number, use.word, error.message, error.hint)
            return
        except LaminaError as error:
            yield Checked(number, use.word, False, _told(error))
            return
        figures: Mapping[str, Figure] = {"": found} if isinstance(found, Figure) else found
        for key, figure in figures.items():
            name = f"{use.name}.{key}".rstrip(".")
            self.place.figures[name] = figure
            yield Measured(number, name, figure)

    async def _check(self, number: int, use: Use) -> Checked | None:
        try:
            found = await self._call(vocabulary.CHECKS, use)
        except NotSupported:
            return None  # what it would look at was skipped, and said to be
        except LaminaError as error:
            return Checked(number, use.word, False, _told(error))
        return Checked(number, use.word, found.ok, found.said)

    async def _call(self, kind: vocabulary.Kind, use: Use) -> Any:
        values: dict[str, Value] = {}
        for key, value in use.parameters.items():
            filled = prose.raw(value, self.place.given, self.place.look)
            if filled is None:
                raise NotSupported(f"{value} was not measured on this machine")
            values[key] = filled
        return await vocabulary.call(kind[use.word], self.place, values)

    def _fill(self, text: str) -> str:
        return prose.filled(text, self.place.given, self.place.look)

    def _step(self, number: int) -> Step:
        return self.lesson.steps[number - 1]


def _left(kind: str, name: str) -> Figure:
    """A placeholder as it stands."""
    return Figure(f"{{{kind}.{name}}}")


def _ran(number: int, text: str, outcome: Outcome) -> Ran:
    lines = _safe(outcome.text).splitlines()
    if len(lines) > _LINES:
        lines = [*lines[:_LINES], f"… and {len(lines) - _LINES} lines more"]
    return Ran(number, text, tuple(lines), outcome.code, outcome.seconds)


def _safe(text: str) -> str:
    """Output with its lines kept and all else that would act on a terminal replaced."""
    return "\n".join(printable(line.expandtabs()) for line in text.replace("\r", "\n").split("\n")).strip(
        "\n"
    )


def _name(doing: Doing) -> str:
    return doing.text if isinstance(doing, Command) else doing.word


def _told(error: LaminaError) -> str:
    return one_line(f"{error.message} ({error.hint})" if error.hint else error.message)
