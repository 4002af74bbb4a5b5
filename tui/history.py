"""What containers used over the last minutes, kept small: numbers in rows that forget their oldest."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from engine.runtime.usage import ContainerStats, Traffic

_MOST = 300  # samples of one container; ten minutes of them
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
    anonymous: int
    file: int
    kernel: int
    received: float | None
    sent: float | None
    read: float | None
    written: float | None
    processes: int
    waited_cpu: float | None
    waited_memory: float | None
    waited_io: float | None


@dataclass(slots=True)
class History:
    """One container's last minutes.

    :param began: time of the first sample, also of those that are forgotten by now: where plots begin.
    :param last: the newest sample as it came.
    """

    began: float
    last: ContainerStats
    moments: deque[Moment] = field(default_factory=lambda: deque(maxlen=_MOST))

    def take(self, stats: ContainerStats) -> None:
        """One sample more."""
        before = self.last
        if stats.time - before.time > _PAUSE:
            self.moments.clear()
            self.began = stats.time
        elapsed = stats.time - before.time
        self.last = stats
        received, sent = _rates(before.network, stats.network, elapsed)
        read, written = _rates(before.disk, stats.disk, elapsed)
        waited = stats.pressure
        memory = stats.memory
        self.moments.append(
            Moment(
                stats.time,
                stats.cpu.of_core,
                memory.anonymous,
                memory.file,
                memory.kernel,
                received,
                sent,
                read,
                written,
                stats.processes,
                waited.cpu if waited else None,
                waited.memory if waited else None,
                waited.io if waited else None,
            )
        )


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
