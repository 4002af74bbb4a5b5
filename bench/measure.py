"""Runs a case on all engines in turns, and says what came out."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench.cases import Case
from bench.engines import Engine
from bench.process import Timing, peak_memory, time_command
from bench.settle import settle


@dataclass(frozen=True, slots=True)
class Row:
    """One engine in one case.

    :param times: in the order they were taken; the n-th times of all engines belong together.
    :param memory: bytes; see `bench.process.peak_memory`.
    """

    engine: str
    times: tuple[Timing, ...]
    memory: int

    @property
    def seconds(self) -> float:
        """The median."""
        return statistics.median(time.seconds for time in self.times)

    @property
    def cpu(self) -> float:
        """The median of the processor time."""
        return statistics.median(time.cpu for time in self.times)

    @property
    def spread(self) -> tuple[float, float]:
        """The shortest and the longest time."""
        return min(time.seconds for time in self.times), max(time.seconds for time in self.times)


@dataclass(frozen=True, slots=True)
class Result:
    """One case on all engines; the first row is ours."""

    name: str
    title: str
    rows: tuple[Row, ...]

    def ratio(self, row: Row) -> float:
        """Our time as a share of another's: the median over the pairs, so that a slow moment hits both."""
        ours = self.rows[0].times
        return statistics.median(a.seconds / b.seconds for a, b in zip(ours, row.times, strict=True))


def measure(case: Case, engines: Sequence[Engine], pairs: int) -> Result:
    """Time a case.

    :param pairs: times for each engine, before the case's own multiple.
    :raises CommandFailed: an engine could not do it.
    """
    memory: dict[str, int] = {}
    times: dict[str, list[Timing]] = {engine.name: [] for engine in engines}
    try:
        for engine in engines:
            case.prepare(engine)
            memory[engine.name] = peak_memory(case.command(engine), engine.environment)
            case.undo(engine)
        for turn in range(pairs * case.pairs):
            # Who goes first changes, because the second finds the registry's files in memory.
            for engine in engines if turn % 2 == 0 else reversed(engines):
                os.sync()  # what others left unwritten is not for this one to wait for
                if case.fresh_image:
                    settle(case.fresh_image)
                times[engine.name].append(time_command(case.command(engine), engine.environment))
                case.undo(engine)
    finally:
        for engine in engines:
            case.finish(engine)
    rows = tuple(Row(engine.name, tuple(times[engine.name]), memory[engine.name]) for engine in engines)
    return Result(case.name, case.title, rows)
