"""What containers use, as small quiet figures for a list.

A figure that did not move enough to be told apart stays as it is, and a sparkline's cell stands for ten
seconds: so a list of steady containers writes nothing, and a busy one a cell or two with each sample.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.runtime.usage import ContainerStats

EVERY = 2.0
"""Seconds from sample to sample."""
CELLS = 8
"""Cells of a sparkline."""
_PER_CELL = 5  # samples that one cell stands for
_LEVELS = "▁▂▃▄▅▆▇█"
_NEW = 0.4  # of a figure that the last sample makes out, where it is of the kind of those before
_STEADY = 0.2  # of a figure that it must move by before another one is shown


@dataclass(slots=True)
class Spark:
    """The highest of every ten seconds, the newest on the right."""

    peaks: deque[float] = field(default_factory=lambda: deque(maxlen=CELLS))
    _taken: int = 0

    def take(self, value: float) -> None:
        """One sample more."""
        if self._taken % _PER_CELL == 0:
            self.peaks.append(value)
        else:
            self.peaks[-1] = max(self.peaks[-1], value)
        self._taken += 1

    def draw(self, whole: float, power: float = 1.0) -> str:
        """The line, from nothing to `whole`; a power under 1 lifts what is little, so that it is seen too."""
        shares = (min(1.0, max(0.0, value / whole)) for value in self.peaks)
        return "".join(_LEVELS[round(share**power * (len(_LEVELS) - 1))] for share in shares).rjust(CELLS)


@dataclass(slots=True)
class Usage:
    """One container's figures.

    :param cpu: percent of one processor, as shown; :param memory: bytes, as shown; :param limit: of memory,
        0 where it has none. :param version: another one when what is shown is another.
    """

    cpu: float = 0.0
    memory: int = 0
    limit: int = 0
    known: bool = False
    version: int = 0
    cpu_line: Spark = field(default_factory=Spark)
    memory_line: Spark = field(default_factory=Spark)
    _most: int = 1
    _even: float = 0.0  # processor without its jitter
    _shown: tuple[float, int, str, str] = (0.0, 0, "", "")

    def take(self, stats: ContainerStats) -> None:
        """One sample more."""
        memory = stats.memory.used
        self.limit = stats.memory.limit if stats.memory.limited else 0
        self.memory = memory if _moved(self.memory, memory, 500_000) else self.memory
        self._most = max(self._most, memory)
        self.memory_line.take(memory)
        if stats.cpu.of_core is not None:
            cpu = stats.cpu.of_core if stats.cpu.of_core >= 0.5 else 0.0
            self._even = cpu if _leapt(self._even, cpu) else self._even + (cpu - self._even) * _NEW
            self.cpu = self._even if _moved(self.cpu, self._even, 1.0) else self.cpu
            self.cpu_line.take(cpu)
            self.known = True
        shown = (self.cpu, self.memory, self.cpu_drawn(), self.memory_drawn())
        if shown != self._shown:
            self._shown = shown
            self.version += 1

    def memory_drawn(self) -> str:
        """Memory over time: of its limit, or of a power of two of which it takes up to a half."""
        return self.memory_line.draw(self.limit or 2 << self._most.bit_length())

    def cpu_drawn(self) -> str:
        """Processor over time, of one of them."""
        return self.cpu_line.draw(100.0, 0.5)


def _leapt(before: float, now: float) -> bool:
    """Whether it is another story, and no jitter: shown at once."""
    return now == 0 or abs(now - before) > max(10.0, before)


def _moved(shown: float, now: float, least: float) -> bool:
    return (now == 0) != (shown == 0) or abs(now - shown) > max(least, shown * _STEADY)


class Usages:
    """The figures of all containers that run."""

    def __init__(self) -> None:
        self._by_id: dict[str, Usage] = {}

    def take(self, samples: Iterable[ContainerStats]) -> None:
        """A sample of each container that runs; those that are not among them are forgotten."""
        running = {stats.id: stats for stats in samples if stats.running}
        self._by_id = {key: usage for key, usage in self._by_id.items() if key in running}
        for key, stats in running.items():
            self._by_id.setdefault(key, Usage()).take(stats)

    def of(self, container: str) -> Usage | None:
        """One container's figures; None until they are known."""
        found = self._by_id.get(container)
        return found if found is not None and found.known else None
