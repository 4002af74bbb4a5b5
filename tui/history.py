"""What containers used over the last minutes, kept small: numbers in rows that forget their oldest."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from engine.runtime.usage import ContainerStats, Traffic

_MOST = 300  # samples of one container; ten minutes of them
_SLACK = 60  # samples more before the oldest are let go together
_UNKNOWN = float("nan")
_PAUSE = 60.0  # seconds without a sample after which what came before is another story


class Moment(NamedTuple):
    """One sample, with rates since the one before.

    :param cpu: percent of one processor; None with the first sample of a run.
    :param anonymous: bytes, as are `file` and `kernel`. :param received: bytes a second, as are the rest
        of the rates; None where they are not known.
    :param waited_cpu: percent of the last ten seconds, as are those for memory and disk; None where the
        kernel does not count them.
    """

    time: float
    cpu: float | None
    anonymous: float
    file: float
    kernel: float
    received: float | None
    sent: float | None
    read: float | None
    written: float | None
    processes: float
    waited_cpu: float | None
    waited_memory: float | None
    waited_io: float | None


_WIDTH = len(Moment._fields)


@dataclass(slots=True)
class History:
    """One container's last minutes; four bytes a figure, for there may be hundreds of containers.

    :param began: time of the first sample, also of those that are forgotten by now: where plots begin.
    :param last: the newest sample as it came.
    """

    began: float
    last: ContainerStats
    _figures: array[float] = field(default_factory=lambda: array("f"))

    def take(self, stats: ContainerStats) -> None:
        """One sample more."""
        before, self.last = self.last, stats
        elapsed = stats.time - before.time
        if elapsed > _PAUSE:
            del self._figures[:]
            self.began = stats.time
        memory = stats.memory
        figures: tuple[float | None, ...] = (  # in the order of `Moment`
            stats.time - self.began,
            stats.cpu.of_core,
            memory.anonymous,
            memory.file,
            memory.kernel,
            *_rates(before.network, stats.network, elapsed),
            *_rates(before.disk, stats.disk, elapsed),
            stats.processes,
            *(stats.pressure or (None, None, None)),
        )
        self._figures.extend(_UNKNOWN if value is None else value for value in figures)
        if len(self._figures) > (_MOST + _SLACK) * _WIDTH:
            del self._figures[: _SLACK * _WIDTH]

    def moments(self, since: float = 0) -> list[Moment]:
        """What is remembered from a moment on (seconds since the epoch), the oldest first."""
        figures = self._figures[-_MOST * _WIDTH :]
        first = bisect_left(figures[::_WIDTH], since - self.began) * _WIDTH
        return [self._moment(figures[at : at + _WIDTH]) for at in range(first, len(figures), _WIDTH)]

    def _moment(self, figures: Sequence[float]) -> Moment:
        time, *rest = figures
        return Moment(self.began + time, *(None if value != value else value for value in rest))  # type: ignore[arg-type]  # figures that are always known are never NaN


def _rates(
    before: Traffic | None, now: Traffic | None, elapsed: float
) -> tuple[float, float] | tuple[None, None]:
    """Bytes a second, in and out; none where it was started anew in between."""
    if before is None or now is None or elapsed <= 0:
        return None, None
    if now.inward < before.inward or now.outward < before.outward:
        return None, None
    return (now.inward - before.inward) / elapsed, (now.outward - before.outward) / elapsed


class Histories:
    """The last minutes of all containers that run."""

    def __init__(self) -> None:
        self._by_id: dict[str, History] = {}

    def take(self, samples: Iterable[ContainerStats]) -> None:
        """A sample of each container that runs; those that are not among them are forgotten."""
        running = {stats.id: stats for stats in samples if stats.running}
        self._by_id = {key: history for key, history in self._by_id.items() if key in running}
        for key, stats in running.items():
            self._by_id.setdefault(key, History(stats.time, stats)).take(stats)

    def of(self, container: str) -> History | None:
        """One container's last minutes; None where it was not seen running."""
        return self._by_id.get(container)
