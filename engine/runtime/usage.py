"""What a container uses of its host, as its control groups count it: plain values.

Sizes are bytes, times seconds, percentages from 0 to 100 (more where several processors work).
"""

from __future__ import annotations

from typing import NamedTuple


class CpuUse(NamedTuple):
    """Processor time. What is a rate is None with the first sample, which has nothing before it.

    :param seconds: since the container's start, all its processes together.
    :param of_core: percent of one processor since the sample before. :param of_host: of all processors.
    :param throttled: percent of the periods since the sample before in which its limit stopped it.
    :param throttled_seconds: for how long its limit has stopped it since its start.
    """

    seconds: float
    of_core: float | None
    of_host: float | None
    throttled: float | None
    throttled_seconds: float


class MemoryUse(NamedTuple):
    """Memory, by what it is.

    :param raw: all that is charged. :param used: Docker's figure, which is that without cached files that
        were not read lately.
    :param anonymous: what the programs hold themselves. :param file: cached files, which the kernel gives
        back when others need room. :param kernel: what the kernel holds for it.
    :param limit: its limit, or the host's memory where it has none; :param limited: which of the two.
    """

    used: int
    raw: int
    anonymous: int
    file: int
    kernel: int
    limit: int
    limited: bool

    @property
    def percent(self) -> float:
        """How much of the limit is used."""
        return 100 * self.used / self.limit if self.limit else 0.0


class Traffic(NamedTuple):
    """Bytes since the start: received and sent, or read and written."""

    inward: int
    outward: int


class Pressure(NamedTuple):
    """For how many percent of the last ten seconds something in it had to wait. Linux accounting/psi.rst"""

    cpu: float
    memory: float
    io: float


class ContainerStats(NamedTuple):
    """One container at one moment.

    :param time: of the sample, seconds since the epoch. :param running: the rest is zero where it does not.
    :param network: of its own network; None where it uses the host's, or cannot be seen.
    :param disk: what its files cost block devices. :param processes: and threads.
    :param processes_limit: None where there is none. :param pressure: None where the kernel counts none.
    """

    id: str
    name: str
    time: float
    running: bool
    cpu: CpuUse
    memory: MemoryUse
    network: Traffic | None
    disk: Traffic
    processes: int
    processes_limit: int | None
    pressure: Pressure | None
