"""A lesson in a plain terminal: the learner's own pace, or unattended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import sys
from collections.abc import Callable

from engine.cli.lesson_screen import LessonScreen
from engine.lessons.events import LessonEvent, StepDone
from engine.lessons.pace import pause_after
from engine.lessons.runner import LessonRun

_KEYS = "Enter does it for you · type it yourself · h hint · s skip · b back · q quit"


class Session:
    """Leads through a run.

    :param tell: gets every event, beside the screen. :param keep: gets the last step that was done.
    """

    def __init__(
        self,
        run: LessonRun,
        screen: LessonScreen,
        tell: Callable[[LessonEvent], None],
        keep: Callable[[int], None],
    ) -> None:
        self._run, self._screen, self._tell, self._keep = run, screen, tell, keep

    def _show(self, event: LessonEvent) -> None:
        self._tell(event)
        self._screen.show(event)

    async def unattended(self, first: int, speed: float) -> bool:
        """All steps by themselves, read at a pace.

        :param speed: times the speed of reading; 0 does not wait. :returns: whether every check held.
        """
        ok = True
        async for event in self._run.whole(first):
            self._show(event)
            if isinstance(event, StepDone):
                ok = ok and event.ok
                if event.ok:
                    self._keep(event.number)
            if speed and (wait := pause_after(event)):
                await asyncio.sleep(wait / speed)
        return ok

    async def interactive(self, first: int) -> bool:
        """Step by step, as the learner likes. :returns: whether the end was reached."""
        self._show(self._run.started())
        for number in range(1, first):
            self._screen.line(f"  … doing step {number} for you", "2")
            async for _ in self._run.do(number):
                pass
            async for _ in self._run.look(number):
                pass
        for number in range(first, len(self._run.lesson.steps) + 1):
            if not await self._step(number):
                return False
            if (
                number < len(self._run.lesson.steps)
                and await self._asked("Enter for the next step, q to quit") == "q"
            ):
                return False
        self._show(self._run.done(True))
        return True

    async def _step(self, number: int) -> bool:
        """One step, until it is done or skipped. :returns: False to quit."""
        self._show(self._run.introduce(number))
        while True:
            answer = await self._doing(number)
            if answer == "q":
                return False
            ok = await self._looked(number)
            if ok or answer == "s":
                self._keep(number)
                return True
            answer = await self._asked("Enter to do the step again, s to go on all the same, q to quit")
            if answer in ("q", "s"):
                return answer == "s"

    async def _doing(self, number: int) -> str:
        """Let the learner do what is to be done; "q" to quit, "s" when he skipped, "" when all is done."""
        doing = self._run.lesson.steps[number - 1].do
        index, skipped = 0, False
        if not doing:
            return await self._only_reading(number)
        while index < len(doing) and not self._run.left_out(number):
            answer = "" if skipped else await self._asked(f"{self._run.shown(doing[index])}\n  {_KEYS}")
            if answer == "q":
                return "q"
            if answer in ("h", "b"):
                self._help(answer, number)
            elif answer in ("", "s"):
                skipped = skipped or answer == "s"
                async for event in self._run.do_one(number, index):
                    self._show(event)
                index += 1
            else:
                index = await self._typed(number, answer, index)
        return "s" if skipped else ""

    async def _only_reading(self, number: int) -> str:
        while (answer := await self._asked("Enter to look · b back · q quit")) in ("h", "b"):
            self._help(answer, number)
        return "q" if answer == "q" else ""

    async def _typed(self, number: int, text: str, index: int) -> int:
        """Run what was typed; gives what is to be done next."""
        try:
            words = shlex.split(text)
        except ValueError as error:
            self._screen.line(f"  {error}", "31")
            return index
        if words[:1] != ["lamina"] or len(words) < 2:
            self._screen.line(
                "  Only commands of lamina are run here; they work on the lesson's store.", "33"
            )
            return index
        ran, which = await self._run.typed(number, text)
        self._show(ran)
        return max(index, which + 1) if which is not None else index

    async def _looked(self, number: int) -> bool:
        ok = False
        async for event in self._run.look(number):
            self._show(event)
            if isinstance(event, StepDone):
                ok = event.ok
        return ok

    def _help(self, answer: str, number: int) -> None:
        if answer == "h":
            hint = self._run.lesson.steps[number - 1].hint
            self._screen.line(f"  {self._run.say(hint) or 'Type the command as it stands above.'}", "33")
        elif number > 1:
            self._screen.show(self._run.introduce(number - 1))
            self._screen.line("  (What was done stays done; the step goes on here.)", "2")
        else:
            self._screen.line("  This is the first step.", "2")

    async def _asked(self, what: str) -> str:
        """A line from the learner; "q" where there is none any more."""
        self._screen.write(self._screen.styled(f"  → {what}", "36") + "\n  > ")
        line = await read_line()
        return "q" if line is None else line.strip()


async def read_line() -> str | None:
    """A line of standard input, with the event loop free meanwhile; None at its end."""
    loop, descriptor = asyncio.get_running_loop(), sys.stdin.fileno()
    ready = asyncio.Event()
    with contextlib.suppress(PermissionError):  # a file, which is always ready
        loop.add_reader(descriptor, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(descriptor)
    data = b""
    while not data.endswith(b"\n") and len(data) < 4096:
        byte = os.read(descriptor, 1)
        if not byte:
            return data.decode("utf-8", "replace") if data else None
        data += byte
    return data.decode("utf-8", "replace")
