"""What runs when the machine does: containers that were to be running, started once after its start."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.containers.records import Record
from engine.containers.store import ContainerStore
from engine.errors import LaminaError
from engine.runtime.policy import HOST, PERSON, ended_by
from engine.runtime.state import State

if TYPE_CHECKING:
    from engine.containers.service import ContainerService

_AT_ONCE = 4  # starts; each is a fresh interpreter
_ALL_AT_ONCE = 32  # stops, which mostly wait


@dataclass(frozen=True, slots=True)
class Booted:
    """What became of one container. :param error: why it is not as was wanted; "" where it is."""

    id: str
    name: str
    error: str = ""


class Boot:
    """Starting and ending containers with the machine.

    :param containers: of the same store.
    """

    def __init__(self, store: ContainerStore, containers: ContainerService) -> None:
        self._store = store
        self._containers = containers

    def up(self) -> list[Booted]:
        """Start what should run after a start of the machine; what was started since is left alone.

        That is `always`, and `unless-stopped` where no person had stopped it. Called twice, or by two at the
        same moment, it starts nothing twice: a container's state says which boot it belongs to.
        """
        wanted = [record for record in self._store.records.all() if self._is_wanted(record)]
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            return list(threads.map(self._start, wanted))

    def down(self) -> list[Booted]:
        """End all that runs, because the machine goes down; the next `up` starts it again."""
        standing = [record for record in self._store.records.all() if self._store.look(record).standing]
        with ThreadPoolExecutor(_ALL_AT_ONCE) as threads:
            return list(threads.map(self._end, standing))

    def _is_wanted(self, record: Record) -> bool:
        directory, state = self._store.directory(record), self._store.look(record)
        if state.this_boot or not _has_run(state):
            return False
        policy = record.config.restart.name
        return policy == "always" or (policy == "unless-stopped" and ended_by(directory) != PERSON)

    def _start(self, record: Record) -> Booted:
        try:
            # Not start: between our look and its lock somebody else may have started it, and ended it again.
            self._containers.start(record.id, only_if=self._is_wanted)
        except LaminaError as error:
            return Booted(record.id, record.name, error.message)
        return Booted(record.id, record.name)

    def _end(self, record: Record) -> Booted:
        from engine.containers.stopping import end
        from engine.runtime.signals import signal_number

        try:
            end(
                self._store,
                record,
                signal_number(record.config.stop_signal),
                record.config.stop_timeout,
                HOST,
            )
        except LaminaError as error:
            return Booted(record.id, record.name, error.message)
        return Booted(record.id, record.name)


def _has_run(state: State) -> bool:
    return state.started is not None
