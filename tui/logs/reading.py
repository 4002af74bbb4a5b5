"""Reads the logs that are looked at, at a pace that a screen can show, and stops while nobody looks.

A flood costs no more than its reading: some megabytes a second at most. Who falls behind goes on at the end.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, aclosing, suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from engine.containers.models import LogLine
from engine.errors import NotFound
from tui.batches import PAUSE
from tui.logs.ring import MOST_LINES
from tui.logs.since import Since
from tui.source import Source
from tui.tasks import Work
from tui.updates import Followed, LogGrown

if TYPE_CHECKING:
    from textual.worker import Worker

_SETTLE = 0.05  # seconds a log must be looked at before it is read: a cursor that passes reads nothing
_EMPTY = 0.3  # seconds after which a log of which nothing came is known to be empty
_LATE = 2.0  # seconds that what is read may lie behind
_PASSED = "lines were passed over here: they come faster than a screen can show. The log itself has them."


class Wanted(NamedTuple):
    """Which logs are looked at, and from when on."""

    of: tuple[Followed, ...]
    since: Since


class _Reach(NamedTuple):
    """How far a log was read: the time of the last line, and how many lines of that time there were."""

    time: float
    lines: int


class LogReading:
    """Follows logs, one set of them at a time.

    :param source: what to ask; :param tell: takes what was read.
    :param run: runs a reader, by the name of its group.
    :param troubles: shows in Activity what goes wrong; takes what was tried, and the command for the same.
    """

    def __init__(
        self,
        source: Source,
        tell: Callable[[LogGrown], None],
        run: Callable[[Work, str], Worker[None]],
        troubles: Callable[[str, str], AbstractContextManager[None]],
    ) -> None:
        self._source = source
        self._tell = tell
        self._run = run
        self._troubles = troubles
        self._wanted: Wanted | None = None
        self._worker: Worker[None] | None = None
        self._again = asyncio.Event()
        self._free = asyncio.Event()
        self._free.set()
        self._taken = asyncio.Event()  # what was told last is on the screen
        self._taken.set()

    def follow(self, wanted: Wanted) -> None:
        """Read these logs from now on, and no others; those that are being read go on."""
        before, self._wanted = self._wanted, wanted
        if before == wanted:
            return
        if before is not None and _ids(before) == _ids(wanted) and before.since == wanted.since:
            self._again.set()  # one was started anew: its log goes on
            self._again = asyncio.Event()
            return
        self.stop()
        self._wanted = wanted
        self._worker = self._run(partial(self._read, wanted), "log")

    def stop(self) -> None:
        """Read nothing any more."""
        self._wanted = None
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None

    def hold(self, held: bool) -> None:
        """Read no further while nobody looks, or while enough is there for one who looks back."""
        if held:
            self._free.clear()
        else:
            self._free.set()

    def taken(self) -> None:
        """What was told has been taken in, and more may come."""
        self._taken.set()

    def _tell_lines(self, grown: LogGrown) -> None:
        self._taken.clear()
        self._tell(grown)

    async def _read(self, wanted: Wanted) -> None:
        await asyncio.sleep(_SETTLE)
        gathering = _Gathering(wanted.of, self._tell_lines)
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(len(wanted.of)):
                    group.create_task(self._read_one(number, wanted, gathering))
            gathering.flush()  # they are gone, and this is all there was
        finally:
            gathering.close()

    async def _read_one(self, number: int, wanted: Wanted, gathering: _Gathering) -> None:
        one, part = wanted.of[number], wanted.since.part
        reach: _Reach | None = None
        with self._troubles("read a log", f"lamina logs {one.name}"), suppress(NotFound):
            while True:
                run = self._run_of(number)
                if reach is None:
                    logs = self._source.logs(one.id, tail=part.tail, follow=True, since=part.since)
                else:
                    logs = self._source.logs(one.id, tail=MOST_LINES, follow=True, since=reach.time)
                async with aclosing(logs) as batches:
                    reach, ended = await self._pump(batches, reach, partial(gathering.add, number))
                while ended and run == self._run_of(number):
                    await self._again.wait()
                await self._free.wait()

    async def _pump(
        self,
        batches: AsyncIterator[list[LogLine]],
        reach: _Reach | None,
        add: Callable[[list[LogLine]], None],
    ) -> tuple[_Reach | None, bool]:
        """Read on from where one was; gives how far one came, and whether there is nothing more by now."""
        known, late = reach, 0.0
        async for batch in batches:
            lines = batch if known is None else _beyond(batch, known)
            known = None
            reach = _reached(reach, lines)
            add(lines)
            await asyncio.sleep(PAUSE)
            await self._taken.wait()  # a screen that is slow is not buried
            late = late + PAUSE if time.time() - batch[-1].time > _LATE else 0.0
            if late > _LATE or not self._free.is_set():
                return reach, False
        return reach, True

    def _run_of(self, number: int) -> float:
        """When a container was last started."""
        return self._wanted.of[number].started if self._wanted is not None else 0.0


def _ids(wanted: Wanted) -> list[str]:
    return [one.id for one in wanted.of]


def _beyond(batch: Sequence[LogLine], reach: _Reach) -> list[LogLine]:
    """Of lines read from where one was, those that are new; with a word where some are missing between."""
    if batch and batch[0].time > reach.time:
        return [LogLine(batch[0].time, "stderr", _PASSED, dropped=-1), *batch]
    known = sum(line.time == reach.time for line in batch[: reach.lines])
    return list(batch[known:])


def _reached(before: _Reach | None, lines: Sequence[LogLine]) -> _Reach | None:
    if not lines:
        return before
    last = lines[-1].time
    count = sum(line.time == last for line in lines)
    if before is not None and before.time == last:
        count += before.lines
    return _Reach(last, count)


class _Gathering:
    """Brings lines of several logs into the order of their times, as far as they come together."""

    def __init__(self, of: tuple[Followed, ...], tell: Callable[[LogGrown], None]) -> None:
        self._of = of
        self._tell = tell
        self._lines: list[tuple[int, LogLine]] = []
        self._anew = True
        self._waiting = False
        self._closed = False
        if len(of) == 1:
            asyncio.get_running_loop().call_later(_EMPTY, self._say_empty)
        else:
            self._later(_EMPTY)

    def close(self) -> None:
        """Tell nothing any more."""
        self._closed = True

    def add(self, number: int, lines: Sequence[LogLine]) -> None:
        """Take lines of one of the logs."""
        self._lines += ((number, line) for line in lines)
        if len(self._of) == 1:
            self.flush()
        elif not self._waiting:
            self._later(PAUSE)

    def _later(self, seconds: float) -> None:
        self._waiting = True
        asyncio.get_running_loop().call_later(seconds, self.flush)

    def _say_empty(self) -> None:
        if self._anew:
            self.flush()

    def flush(self) -> None:
        """Tell what has come."""
        lines, self._lines, self._waiting = self._lines, [], False
        if len(self._of) > 1:
            lines.sort(key=lambda pair: pair[1].time)
        if (lines or self._anew) and not self._closed:
            self._tell(LogGrown(self._of, tuple(lines), self._anew))
            self._anew = False
