"""What becomes of containers that are there: held and let go, started again, renamed, given other limits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.containers.models import ContainerSummary
from engine.containers.names import check_name
from engine.containers.store import ContainerStore
from engine.errors import Conflict, InvalidArgument, LaminaError, NotSupported
from engine.runtime.policy import AGAIN, RestartPolicy, write_policy
from engine.runtime.state import STANDING, State

if TYPE_CHECKING:
    from engine.containers.service import ContainerService

_HOLD_PATIENCE = 10.0  # seconds until the kernel has stopped every process
_PAUSE = 0.002


@dataclass(frozen=True, slots=True)
class PrunedContainers:
    """What a prune removed. :param containers: their ids. :param freed: bytes."""

    containers: tuple[str, ...]
    freed: int


class ContainerLife:
    """The lives of the containers of one store. Calls block.

    :param containers: of the same store, which starts them.
    """

    def __init__(self, store: ContainerStore, containers: ContainerService) -> None:
        self._store = store
        self._containers = containers

    def restart(self, name: str, timeout: float | None = None, signal: str = "") -> None:
        """End a container and start it again; one that does not run is started.

        :param timeout: seconds until SIGKILL; None takes what the container was made with.
        :param signal: that asks it to end; else the container's own.
        """
        from engine.containers.stopping import end
        from engine.runtime.signals import signal_number

        record = self._store.records.find(name)
        number = signal_number(signal or record.config.stop_signal)
        end(self._store, record, number, record.config.stop_timeout if timeout is None else timeout, AGAIN)
        self._containers.start(record.id)
        self._store.tell("restart", record)

    def pause(self, name: str) -> None:
        """Have the kernel stop every process of a container where it is.

        :raises Conflict: it does not run, or one of its processes does not stop.
        """
        from engine.launch.freezer import hold, is_held

        record = self._store.running(name)
        with self._store.locked(record):
            before = self._store.state(self._store.running(record.id))
            self._check_freezer(before)
            hold(before.freezer, True)
            deadline = time.monotonic() + _HOLD_PATIENCE
            while not (held := is_held(before.freezer)) and time.monotonic() < deadline:
                time.sleep(_PAUSE)
            # It may have begun another life meanwhile, whose first process must not be held half way.
            if not held or self._store.state(record).init != before.init:
                hold(before.freezer, False)
                raise Conflict(
                    f"{record.name} cannot be paused: "
                    + ("a process of it does not stop" if not held else "it was restarting"),
                    hint="it waits for a disk or a network mount" if not held else "try it again",
                )
        self._store.tell("pause", record)

    def unpause(self, name: str) -> None:
        """Let a paused container go on. :raises Conflict: it is not paused."""
        from engine.launch.freezer import hold

        record = self._store.records.find(name)
        with self._store.locked(record):
            state = self._store.state(record)
            if state.status != "paused":
                raise Conflict(f"{record.name} is not paused", hint=f"it is {state.status}")
            hold(state.freezer, False)
        self._store.tell("unpause", record)

    def rename(self, name: str, new: str) -> None:
        """Give a container another name; it may run.

        :raises AlreadyExists: another has it. :raises InvalidArgument: nothing can be called that.
        """
        from engine.launch.state import replace_file

        new = check_name(new.removeprefix("/"))
        record = self._store.records.find(name)
        with self._store.locked(record):
            renamed = self._store.records.rename(record, new)
            # Its monitor tells of it by the name in this file.
            replace_file(str(self._store.directory(record) / "name"), new.encode())
        self._store.tell("rename", renamed, oldName=record.name)

    def update(self, name: str, limits: dict[str, Any], restart: RestartPolicy | None = None) -> None:
        """Give a container other limits and another policy, at once where it runs.

        :param limits: fields of Resources; those that are not named stay as they are.
        :raises InvalidArgument: one cannot be meant. :raises Conflict: the kernel refuses one.
        """
        from engine.containers.checks import check_limits
        from engine.runtime.relimit import relimit

        found = self._store.records.find(name)
        with self._store.locked(found):
            record = self._store.records.find(found.id)
            policy = record.config.restart if restart is None else restart
            if record.config.auto_remove and policy.name != "no":
                raise InvalidArgument(f"{record.name} is removed when it ends (--rm), so nothing restarts it")
            resources = record.config.resources._replace(**limits)
            check_limits(resources)
            if resources != record.config.resources and self._store.state(record).standing:
                relimit(record.id, record.config.resources, resources)
            changed = record.config._replace(resources=resources, restart=policy)
            self._store.records.set_config(record.id, changed)
            write_policy(self._store.directory(record), policy)
        self._store.tell("update", record)

    def prune(self, fits: Callable[[ContainerSummary], bool] = lambda _: True) -> PrunedContainers:
        """Remove containers that do not run.

        :param fits: which of them.
        """
        from engine.images.leftovers import tree_size

        removed, freed = [], 0
        for found in self._containers.list():
            if found.status in STANDING or not fits(found):
                continue
            size = tree_size(self._store.layout.container(found.id))
            try:
                self._containers.remove(found.id)
            except LaminaError:
                continue  # started or removed meanwhile: then it is not ours to take
            removed.append(found.id)
            freed += size
        return PrunedContainers(tuple(removed), freed)

    def _check_freezer(self, state: State) -> None:
        if not state.freezer:
            raise NotSupported(
                "this machine has no control group that can hold processes",
                hint="lamina info says which control groups there are",
            )
