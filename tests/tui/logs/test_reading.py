"""Reading logs at a pace: in pieces, no further while nobody looks, and on after a start."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from engine.containers.models import LogLine
from engine.errors import NotFound
from tests.tui.logs.lines import DB, NOW, WEB
from tui.logs import reading
from tui.logs.reading import LogReading, Wanted
from tui.logs.since import TAIL, Since
from tui.source import Source
from tui.tasks import Work
from tui.updates import LogGrown


class Written:
    """Logs of which batches are read one by one; `left` of them are there."""

    def __init__(self) -> None:
        self.batches: dict[str, list[list[LogLine]]] = {}
        self.asked: list[tuple[int | None, float | None]] = []
        self.read = 0
        self.runs = True
        self.open = 0  # readers

    async def logs(
        self, name: str, tail: int | None = None, follow: bool = False, since: float | None = None
    ) -> AsyncGenerator[list[LogLine], None]:
        self.asked.append((tail, since))
        if name == "gone":
            raise NotFound("no such container")
        at = 0
        self.open += 1
        try:
            while self.runs:
                batches = self.batches.get(name, [])
                lines = batches[at] if at < len(batches) else []
                at += at < len(batches)
                if lines := [line for line in lines if since is None or line.time >= since]:
                    self.read += 1
                    yield lines
                await asyncio.sleep(0)
        finally:
            self.open -= 1


class Reader:
    """A reading of written logs, without a screen."""

    def __init__(self) -> None:
        self.written = Written()
        self.told: list[LogGrown] = []
        self.troubles: list[str] = []
        self.is_slow = False
        self.tasks: set[asyncio.Task[None]] = set()
        self.reading = LogReading(
            cast("Source", self.written), self._take, self._run, self._said  # type: ignore[arg-type]  # a task can be cancelled as a worker can
        )  # fmt: skip

    def _run(self, work: Work, _: str) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(cast("Any", work()))
        self.tasks.add(task)
        return task

    @contextmanager
    def _said(self, what: str, _: str) -> Iterator[None]:
        try:
            yield
        except RuntimeError:
            self.troubles.append(what)

    def _take(self, grown: LogGrown) -> None:
        self.told.append(grown)
        if not self.is_slow:
            self.reading.taken()

    @property
    def texts(self) -> list[str]:
        return [line.text for grown in self.told for _, line in grown.lines]

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not holds():
                await asyncio.sleep(0)


@pytest.fixture
async def reader(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(reading, "PAUSE", 0.001)
    monkeypatch.setattr(reading, "_SETTLE", 0.0)
    monkeypatch.setattr(reading, "_EMPTY", 0.001)
    made = Reader()
    yield made
    made.reading.stop()
    await asyncio.gather(*made.tasks, return_exceptions=True)


def _batch(first: int, end: int, moment: float = NOW) -> list[LogLine]:
    return [LogLine(moment + n / 1000, "stdout", f"line {n}") for n in range(first, end)]


async def test_a_log_is_told_in_the_batches_it_is_read_in(reader: Reader) -> None:
    reader.written.batches[WEB.id] = [_batch(0, 3), _batch(3, 5)]
    reader.reading.follow(Wanted((WEB,), TAIL))
    await reader.until(lambda: len(reader.texts) == 5)
    assert [grown.anew for grown in reader.told] == [True, False]
    assert reader.written.asked == [(1000, None)]


async def test_an_empty_log_is_known_to_be_empty(reader: Reader) -> None:
    reader.reading.follow(Wanted((WEB,), TAIL))
    await reader.until(lambda: reader.told)
    assert reader.told == [LogGrown((WEB,), (), True)]


async def test_nothing_is_read_while_nobody_looks_and_nothing_is_lost_or_told_twice(reader: Reader) -> None:
    reader.written.batches[WEB.id] = [_batch(0, 4), _batch(4, 5)]
    reader.reading.hold(True)
    reader.reading.follow(Wanted((WEB,), TAIL))
    await reader.until(lambda: reader.texts and not reader.written.open)
    assert reader.written.read == 1
    reader.reading.hold(False)
    await reader.until(lambda: len(reader.texts) >= 5)
    assert reader.texts == [f"line {n}" for n in range(5)]


async def test_who_lies_behind_goes_on_near_the_end_and_says_so(reader: Reader) -> None:
    reader.written.batches[WEB.id] = [_batch(0, 2)]
    reader.reading.hold(True)
    reader.reading.follow(Wanted((WEB,), TAIL))
    await reader.until(lambda: reader.texts and not reader.written.open)
    reader.written.batches[WEB.id] = [_batch(90, 92)]  # what was between is no longer among the last lines
    reader.reading.hold(False)
    await reader.until(lambda: len(reader.texts) >= 5)
    assert reader.texts[2].startswith("lines were passed over here")
    assert reader.texts[3:] == ["line 90", "line 91"]


async def test_a_screen_that_is_slow_is_told_no_more_than_it_takes(reader: Reader) -> None:
    reader.written.batches[WEB.id] = [_batch(n, n + 1) for n in range(9)]
    reader.is_slow = True
    reader.reading.follow(Wanted((WEB,), TAIL))
    for told in range(1, 5):
        await reader.until(lambda: reader.told)
        await asyncio.sleep(0.01)
        assert reader.written.read == told
        reader.told.clear()
        reader.reading.taken()


async def test_after_a_start_the_log_goes_on(reader: Reader) -> None:
    reader.written.batches[WEB.id] = [_batch(0, 2)]
    reader.reading.follow(Wanted((WEB,), TAIL))
    await reader.until(lambda: reader.texts)
    reader.written.runs = False
    await reader.until(lambda: not reader.written.open)
    reader.written.runs = True
    reader.written.batches[WEB.id].append(_batch(2, 3))
    reader.reading.follow(Wanted((WEB._replace(started=NOW),), TAIL))
    await reader.until(lambda: len(reader.texts) == 3)
    assert [grown.anew for grown in reader.told] == [True, False]


async def test_another_beginning_reads_anew(reader: Reader) -> None:
    reader.written.batches[WEB.id] = [_batch(0, 2)]
    reader.reading.follow(Wanted((WEB,), TAIL))
    await reader.until(lambda: reader.texts)
    reader.reading.follow(Wanted((WEB,), Since("5m", NOW)))
    await reader.until(lambda: len(reader.told) == 2)
    assert reader.told[1].anew
    assert reader.written.asked[1] == (10_000, NOW)


async def test_several_logs_come_in_the_order_of_their_times(reader: Reader) -> None:
    reader.written.batches = {WEB.id: [_batch(0, 9)[::2]], DB.id: [_batch(1, 9)[::2]]}
    reader.reading.follow(Wanted((WEB, DB), TAIL))
    await reader.until(lambda: len(reader.texts) == 9)
    assert reader.texts == [f"line {n}" for n in range(9)]
    assert [number for number, _ in reader.told[0].lines] == [0, 1, 0, 1, 0, 1, 0, 1, 0]


async def test_a_container_that_is_gone_is_no_trouble(reader: Reader) -> None:
    reader.reading.follow(Wanted((WEB._replace(id="gone"),), TAIL))
    await reader.until(lambda: reader.told)
    assert reader.troubles == []
