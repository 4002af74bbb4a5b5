"""What all that is done with containers stands on: their rows, directories, states and locks."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from engine.containers.records import Record, Records
from engine.errors import Conflict, Corrupt, LaminaError
from engine.events import Event
from engine.linux.user_namespaces import in_user_namespace
from engine.runtime.log_limits import LogLimits
from engine.runtime.state import State, read_state, unknown_state
from engine.settings import Settings
from engine.store.database import Database
from engine.store.journal import Journal
from engine.store.layout import Layout
from engine.store.locks import lock

if TYPE_CHECKING:
    from engine.volumes.store import VolumeStore

if TYPE_CHECKING:
    from engine.network.service import NetworkService

_LOCK_PATIENCE = 30.0  # seconds; a start or a removal that somebody else is busy with takes less
_REMOVAL_PATIENCE = 30.0  # seconds


class ContainerStore:
    """The containers of one store, as they are kept.

    :param settings: where the store is. :param database: the store's where somebody has it open.
    """

    def __init__(self, settings: Settings, database: Database | None = None) -> None:
        self.usual_log = LogLimits(settings.log_size, settings.log_files)
        self.database = database or Database(Layout.of(settings))
        self.layout = self.database.layout
        self.records = Records(self.database)
        self.journal = Journal(self.layout)

    @functools.cached_property
    def volumes(self) -> VolumeStore:
        """The volumes of the same store."""
        from engine.volumes.store import VolumeStore

        return VolumeStore(self.layout, self.database, self.journal)

    @cached_property
    def networks(self) -> NetworkService:
        """The networks that containers are on."""
        if in_user_namespace():
            from engine.network.apart import ApartNetworks

            return ApartNetworks(self.layout, self.database, self._is_held)
        from engine.network.service import NetworkService

        return NetworkService(self.layout, self.database, self._is_held)

    def _is_held(self, container_id: str) -> bool:
        """Whether a container stands, or somebody is starting or removing it just now."""
        try:
            with lock(self.layout, f"container-{container_id}", timeout=0):
                return read_state(self.layout.container(container_id)).standing
        except (Conflict, Corrupt):
            return True

    def directory(self, record: Record) -> Path:
        """Where its files are."""
        return self.layout.container(record.id)

    def look(self, record: Record) -> State:
        """Where it stands, for showing: one whose state file is damaged counts as dead, and says why."""
        try:
            return self.state(record)
        except Corrupt as error:
            return unknown_state(error.message)

    def state(self, record: Record) -> State:
        """Where it stands; what a killed monitor left behind is ended on sight."""
        state = read_state(self.directory(record))
        if state.status == "dead" and state.init.alive:
            from engine.runtime.signals import signal_number

            # The kernel kills it with its monitor unless the program had that taken back (prctl(2)).
            state.init.signal(signal_number("KILL"))
        return state

    def end_dead(self, record: Record, state: State) -> None:
        """Let go of the control groups, and what runs in them, of a container whose monitor was killed."""
        if state.status != "dead":
            return
        from engine.runtime.groups import remove_left_groups

        # Under its lock: what starts it just now has groups of the same names.
        with (
            contextlib.suppress(Conflict, Corrupt),
            lock(self.layout, f"container-{record.id}", timeout=0),
        ):
            if read_state(self.directory(record)).status == "dead":
                remove_left_groups(record.id)
                self.networks.release(record.id)

    def give_ports_back(self, record: Record) -> None:
        """Give back ports of one that does not run: its front was killed before a monitor could do so."""
        # Whatever stands in the way is no reason not to show what there is.
        with (
            contextlib.suppress(LaminaError, OSError),
            lock(self.layout, f"container-{record.id}", timeout=0),
        ):
            if not read_state(self.directory(record)).standing:
                self.networks.release(record.id)

    def was_left(self, record: Record, state: State) -> bool:
        """Whether it ended with nobody left to keep its `--rm`: its front and its monitor were killed."""
        if not record.config.auto_remove or state.monitor.alive or state.status not in ("exited", "dead"):
            return False
        # The front that waited for the end may be just about to.
        if state.finished is None:
            return True
        # An end in the future is one before the clock was set back: nobody would ever take it away.
        return not 0 <= time.time() - state.finished <= _REMOVAL_PATIENCE

    def running(self, name: str) -> Record:
        """The container of a name, which runs. :raises Conflict: it does not, or is paused."""
        record = self.records.find(name)
        match self.state(record).status:
            case "running":
                return record
            case "paused":
                raise Conflict(f"{record.name} is paused", hint=f"lamina unpause {record.name} has it go on")
            case "restarting":
                raise Conflict(
                    f"{record.name} is restarting", hint="wait until it runs; its log may say why it ended"
                )
        raise Conflict(f"{record.name} is not running", hint=f"start it: lamina start {record.name}")

    @contextlib.contextmanager
    def locked(self, record: Record) -> Iterator[int]:
        """Hold what starts, changes or removes it; gives the lock's descriptor.

        :raises Conflict: somebody else does, for long.
        """
        with lock(self.layout, f"container-{record.id}", timeout=_LOCK_PATIENCE) as descriptor:
            yield descriptor

    def tell(self, action: str, record: Record, **attributes: str) -> None:
        """Write in the journal what was done with it."""
        described = {"name": record.name, "image": record.image, **attributes}
        self.journal.append(Event(time.time(), "container", action, record.id, described))
