"""What runs in containers."""

from __future__ import annotations

from engine.containers.store import ContainerStore
from engine.errors import Conflict
from engine.runtime.processes import ProcessRow, processes_of


def processes(store: ContainerStore, name: str) -> list[ProcessRow]:
    """The processes of a container, by their pids on the host.

    :raises Conflict: it does not run.
    """
    record = store.records.find(name)
    state = store.state(record)
    if state.init.pid <= 0 or not state.init.alive:
        raise Conflict(f"{record.name} is not running", hint=f"start it: lamina start {record.name}")
    return processes_of(record.id, state.init.pid)
