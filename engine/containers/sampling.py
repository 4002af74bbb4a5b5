"""One sampler for all containers: what each uses, again and again, at the cost of reading its counters."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from engine.containers.records import Record
from engine.containers.store import ContainerStore
from engine.errors import NotFound
from engine.runtime.sampling import GroupReader, Reading, network_of
from engine.runtime.usage import ContainerStats, CpuUse, MemoryUse, Traffic
from engine.store.journal import Place

_BUSY = frozenset({"running", "paused"})
_NO_TRAFFIC = Traffic(0, 0)


class Sampler:
    """Samples of containers; each call of `sample` is a moment, and rates are since the one before.

    :param names: of the containers; none are all that run. :param all: also those that do not run.
    :raises NotFound: a name is nobody's.
    """

    def __init__(self, store: ContainerStore, names: Sequence[str] = (), all: bool = False) -> None:
        self._store = store
        self._ids = [store.records.find(name).id for name in names]
        self._all = all or bool(names)
        self._reader = GroupReader()
        self._cores = os.cpu_count() or 1
        self._seen: Place | None = None
        self._rows: list[tuple[Record, int]] = []
        self._before: dict[str, tuple[int, Reading]] = {}

    def sample(self) -> list[ContainerStats]:
        """All of them now, the newest container first."""
        self._refresh()
        found = []
        for record, pid in self._rows:
            stats = self._sample(record, pid)
            if stats.running or self._all:
                found.append(stats)
        return found

    def _refresh(self) -> None:
        """Look anew who there is, if anything happened on the store."""
        end = self._store.journal.end()
        if end == self._seen:
            return
        self._seen = end
        rows = []
        for record in self._records():
            state = self._store.look(record)
            rows.append((record, state.init.pid if state.status in _BUSY else 0))
        self._rows = rows
        for gone in self._before.keys() - {record.id for record, _ in rows}:
            del self._before[gone]
            self._reader.forget(gone)

    def _records(self) -> list[Record]:
        if not self._ids:
            return self._store.records.all()
        found = []
        for container_id in self._ids:
            try:
                found.append(self._store.records.find(container_id))
            except NotFound:
                continue  # removed meanwhile
        return found

    def _sample(self, record: Record, pid: int) -> ContainerStats:
        now = time.monotonic_ns()
        reading = self._reader.read(record.id) if pid else None
        if reading is None:
            self._before.pop(record.id, None)
            return _idle(record)
        before = self._before.get(record.id)
        self._before[record.id] = (now, reading)
        return ContainerStats(
            id=record.id,
            name=record.name,
            time=time.time(),
            running=True,
            cpu=_cpu(now, reading, before, self._cores),
            memory=reading.memory,
            network=_network(record, pid),
            disk=reading.disk,
            processes=reading.processes,
            processes_limit=reading.processes_limit,
            pressure=reading.pressure,
        )


def _cpu(now: int, reading: Reading, before: tuple[int, Reading] | None, cores: int) -> CpuUse:
    of_core = throttled = None
    if before and reading.cpu >= before[1].cpu and now > before[0]:  # else it was started anew
        of_core = 100 * (reading.cpu - before[1].cpu) / (now - before[0])
        periods = reading.periods - before[1].periods
        throttled = (
            100 * (reading.throttled_periods - before[1].throttled_periods) / periods if periods else 0.0
        )
    return CpuUse(
        reading.cpu / 1e9, of_core, None if of_core is None else of_core / cores, throttled,
        reading.throttled / 1e9,
    )  # fmt: skip


def _network(record: Record, pid: int) -> Traffic | None:
    match record.config.network:
        case "none":
            return _NO_TRAFFIC  # a loopback is all it has
        case "host":
            return None
    return network_of(pid)


def _idle(record: Record) -> ContainerStats:
    return ContainerStats(
        record.id, record.name, time.time(), False, CpuUse(0, None, None, None, 0),
        MemoryUse(0, 0, 0, 0, 0, 0, False), _NO_TRAFFIC, _NO_TRAFFIC, 0, None, None,
    )  # fmt: skip
