"""The one who leads through a lesson: takes wishes one after the other, and cleans up at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from engine.errors import LaminaError
from engine.lessons.pace import pause_after
from tui.lessons.course import Course
from tui.lessons.leading import Leading
from tui.tasks import Report, said

if TYPE_CHECKING:
    from engine.events import Event
    from engine.lessons.events import LessonEvent
    from engine.lessons.models import Lesson
    from engine.lessons.runner import LessonRun
    from tui.lessons.school import School

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Times the speed of reading, for a lesson that goes on by itself."""

Value = TypeVar("Value")

_DRAWN = 0.1  # seconds in which the screen is drawn, before all that a lesson needs is loaded beside it
_SETTLE = 0.2  # seconds in which what happened on the store is gathered before the checks are looked at


class Wish(NamedTuple):
    """What a learner wants. :param text: the command he typed; of a pace 1 or -1."""

    kind: Literal["go", "one", "next", "look", "auto", "pace", "typed", "noticed", "end"]
    text: str = ""


class Teacher:
    """Leads through one lesson.

    :param first: the step to begin at; those before are done by itself.
    :param tell: gets how the lesson stands after each change.
    :param auto: it goes on by itself. :param before: who has to have cleared away first.
    :ivar is_ending: its end was wished for.
    """

    def __init__(
        self, school: School, lesson: Lesson, first: int, tell: Callable[[Course], None], *,
        auto: bool = False, before: Teacher | None = None,
    ) -> None:  # fmt: skip
        self.lesson, self._school, self._first, self._tell = lesson, school, first, tell
        titles = tuple(step.title for step in lesson.steps)
        busy = "making the lesson's store"
        self.course = Course(lesson.name, lesson.title, lesson.about, titles, auto=auto, busy=busy)
        self._wishes: asyncio.Queue[Wish] = asyncio.Queue()
        self._doing: asyncio.Future[Any] | None = None
        self._before = before
        self.is_ending = False
        self._over = asyncio.Event()

    def want(self, wish: Wish) -> None:
        """Have something done, after what is under way."""
        self._wishes.put_nowait(wish)

    def stop(self) -> None:
        """Stop what is under way; the lesson stays."""
        if self._doing is not None:
            self._doing.cancel()

    def end(self) -> bool:
        """End the lesson at once; False where it is not yet begun, and has to be cancelled."""
        self.is_ending = True
        self.stop()
        self.want(Wish("end"))
        return bool(self.course.store)

    @property
    def is_over(self) -> bool:
        """Whether everything that it made is gone."""
        return self._over.is_set()

    async def wait(self) -> None:
        """Until the lesson is over, and everything it made is gone."""
        await self._over.wait()

    async def work(self, report: Report) -> str:
        """Lead, until the end is wished for or it is cancelled; cleans up in any case."""
        leading, is_cancelled = asyncio.ensure_future(self._whole(report)), False
        while not leading.done():
            try:
                await asyncio.wait({leading})
            except asyncio.CancelledError:
                # A second cancellation would fall into the cleaning up.
                if not is_cancelled:
                    leading.cancel()
                is_cancelled = True
        return leading.result()

    async def _whole(self, report: Report) -> str:
        steps = len(self.lesson.steps)
        try:
            await asyncio.sleep(_DRAWN)
            if self._before is not None:
                report.step("waiting until the lesson before is cleared away", 0, steps)
                await self._before.wait()
            report.step("making its store", 0, steps)
            async with self._school.opened(self.lesson, self._making) as run:
                try:
                    await self._lead(run, report)
                finally:
                    self._say(self.course, busy="cleaning up", ended=True)
        except Exception as error:
            self._say(self.course, trouble=said(error))
            raise
        finally:
            self._say(self.course, busy="", ended=True)
            self._over.set()
        done = sum(page.state == "done" for page in self.course.pages)
        return f"{done} of {steps} steps done, and all that it made is removed"

    def _making(self, what: str, done: int, total: int) -> None:
        self._say(self.course, busy=f"{what} ({done} of {total})")

    def _say(self, course: Course, **changes: object) -> None:
        self.course = replace(course, **changes)  # type: ignore[arg-type]  # fields of Course
        self._tell(self.course)

    async def _lead(self, run: LessonRun, report: Report) -> None:
        def told(course: Course) -> None:
            self._say(course)
            if course.page is not None:
                report.step(course.page.title, course.page.number, len(course.steps))

        self._say(self.course, store=run.started().store, busy="")
        leading = Leading(self._school, run, self.course, told)
        watching = asyncio.create_task(self._watch(run.place.engine.events()))
        try:
            await self._guarded(leading, self._come_to_first(leading))
            while not self.is_ending:
                if leading.course.auto:
                    await self._by_itself(leading)
                else:
                    await self._grant(leading, await self._wishes.get())
        finally:
            watching.cancel()
            await asyncio.wait({watching})

    async def _come_to_first(self, leading: Leading) -> None:
        for number in range(1, self._first):
            await leading.introduce(number)
            await leading.do_all()
            await leading.look()
        leading.change(finished=False)
        await leading.introduce(self._first)

    async def _watch(self, events: AsyncGenerator[Event, None]) -> None:
        """Whatever happens on the lesson's store, also from another terminal, may make its checks hold."""
        with suppress(LaminaError):  # where events cannot be followed a key has the checks looked at
            async with aclosing(events):
                async for _ in events:
                    await asyncio.sleep(_SETTLE)
                    if self._doing is None and self._wishes.empty():
                        self.want(Wish("noticed"))

    # wishes

    async def _guarded(self, leading: Leading, work: Coroutine[None, None, Value]) -> Value | None:
        """Do something that can be stopped and may fail; the lesson outlives both."""
        doing = asyncio.ensure_future(work)
        self._doing = doing
        try:
            await asyncio.wait({doing})
        except asyncio.CancelledError:
            doing.cancel()
            await asyncio.wait({doing})  # what it began is ended before its store is removed
            raise
        finally:
            self._doing = None
        if self.is_ending:
            return None
        if doing.cancelled():
            leading.change(auto=False, trouble=("stopped", "Enter does it again"))
            return None
        error = doing.exception()
        if isinstance(error, LaminaError):
            leading.change(auto=False, trouble=said(error))
            return None
        return doing.result()

    async def _grant(self, leading: Leading, wish: Wish) -> None:
        match wish.kind:
            case "end":
                self.is_ending = True
            case "auto":
                leading.change(auto=not leading.course.auto and not leading.course.finished)
            case "pace":
                leading.change(speed=_next_speed(leading.course.speed, int(wish.text)))
            case "typed":
                await self._guarded(leading, leading.typed(wish.text))
            case _:
                await self._guarded(leading, _granted(leading, wish.kind))

    # by itself

    async def _by_itself(self, leading: Leading) -> None:
        """One thing, and time to read what came of it; a wish cuts that short."""
        page = leading.page
        if not page.looked and all(deed.state == "waiting" for deed in page.deeds):
            number = page.number
            if not await self._rest(leading, _introduction(leading)) or leading.page.number != number:
                return
        if leading.page.looked:
            await self._guarded(leading, _granted(leading, "next"))
            return
        while leading.page.next_deed is not None:
            event = await self._guarded(leading, leading.do_one())
            if not await self._rest(leading, event):
                return
            if any(deed.state == "failed" for deed in leading.page.deeds):
                break
        await self._rest(leading, await self._guarded(leading, leading.look()))
        if leading.page.state == "undone":
            leading.change(auto=False)

    async def _rest(self, leading: Leading, event: LessonEvent | None) -> bool:
        """Let people read; False where a wish came meanwhile, which is granted, or it goes on no longer."""
        seconds = pause_after(event) / leading.course.speed if event is not None else 0
        try:
            async with asyncio.timeout(seconds):
                while (wish := await self._wishes.get()).kind == "noticed":
                    continue
        except TimeoutError:
            return leading.course.auto
        await self._grant(leading, wish)
        return False


def _introduction(leading: Leading) -> LessonEvent:
    from engine.lessons.events import StepStarted

    page = leading.page
    return StepStarted(page.number, page.title, page.text, page.terms, ())


def _next_speed(speed: float, by: int) -> float:
    at = min(range(len(SPEEDS)), key=lambda n: abs(SPEEDS[n] - speed)) + by
    return SPEEDS[max(0, min(at, len(SPEEDS) - 1))]


async def _granted(leading: Leading, kind: str) -> None:
    page, last = leading.page, len(leading.course.steps)
    match kind:
        case "one" if page.next_deed is not None:
            await leading.do_one()
            if leading.page.next_deed is None:
                await leading.look()
        case "go" | "one" if page.state != "done":
            if await leading.do_all():
                await leading.look()
        case "go" | "next" if page.number < last:
            if not page.looked:
                await leading.do_all()  # later steps stand on it
                await leading.look()
            await leading.keep()
            await leading.introduce(page.number + 1)
        case "look":
            await leading.look()
        case "noticed" if await leading.notice():
            await leading.look()
