"""The containers of one store: made, started, stopped, looked at, removed. Calls block."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.containers.models import ContainerOptions, ContainerSummary, StepRow
from engine.containers.names import check_name, new_id
from engine.containers.records import Record
from engine.containers.rows import summary
from engine.containers.store import ContainerStore
from engine.errors import Conflict, Corrupt, NotFound
from engine.runtime.models import WHOLE_LOG, LogRange
from engine.runtime.state import STANDING, read_state, unknown_state

if TYPE_CHECKING:
    import socket

    from engine.images.recipe import Recipes
    from engine.launch.task import Overlay
    from engine.runtime.logs import LogReader
    from engine.runtime.start import OnStep
    from engine.runtime.waiting import Waiting


class Started(NamedTuple):
    """A container that runs.

    :param attachment: a socket of frames (`engine.launch.frames`), where one was asked for.
    """

    id: str
    attachment: socket.socket | None


class ContainerService:
    """The containers of one store.

    Names are Docker's: a container's name, its id, or the unique start of its id.
    """

    def __init__(self, store: ContainerStore, recipes: Recipes) -> None:
        self._store = store
        self._recipes = recipes

    # looking

    def list(self, all: bool = True) -> list[ContainerSummary]:
        """Containers, the newest first; with `all` false only those that run."""
        found = []
        published, networks = self._store.networks.all_published(), self._store.networks.all_joined()
        for record in self._store.records.all():
            try:
                state = self._store.state(record)
            except Corrupt as error:  # hides no other container, and is never removed unasked
                found.append(summary(record, unknown_state(error.message)))
                continue
            self._store.end_dead(record, state)
            if record.id in published and not state.standing:
                self._store.give_ports_back(record)
            if self._store.was_left(record, state):
                self._remove_unless_started(record.id)
            else:
                found.append(
                    summary(record, state, published.get(record.id, ()), networks.get(record.id, ()))
                )
        return [row for row in found if all or row.status in STANDING]

    def get(self, name: str) -> ContainerSummary:
        """One container. :raises NotFound: there is none of that name."""
        record = self._store.records.find(name)
        state = self._store.look(record)
        self._store.end_dead(record, state)
        networks = tuple(endpoint.network.name for endpoint in self._store.networks.endpoints(record.id))
        return summary(record, state, networks=networks)

    def inspect(self, name: str) -> dict[str, Any]:
        """Everything about one container, with Docker's keys."""
        from engine.containers.network_view import network_settings
        from engine.containers.views import inspection
        from engine.runtime.health import read_health

        record = self._store.records.find(name)
        lowers = [
            str(self._store.layout.root / lower) for lower in self._recipes.recipe(record.image_id).lowers
        ]
        directory, state = self._store.directory(record), self._store.look(record)
        shown = inspection(record, state, directory, lowers, read_health(directory))
        return {**shown, "NetworkSettings": network_settings(self._store, record, state)}

    def steps(self, name: str) -> tuple[StepRow, ...]:
        """What the last start did, in order; empty when it was never started."""
        record = self._store.records.find(name)
        try:
            lines = (self._store.directory(record) / "steps.jsonl").read_bytes().splitlines()
        except FileNotFoundError:
            return ()
        return tuple(StepRow(**json.loads(line)) for line in lines)

    def logs(self, name: str, part: LogRange = WHOLE_LOG) -> LogReader:
        """A reader of its log, or of a part of it; close it."""
        from engine.runtime.logs import LogReader

        return LogReader(self._store.directory(self._store.records.find(name)), part)

    # living

    def create(
        self, options: ContainerOptions, container_id: str = "", at_once: bool = False
    ) -> ContainerSummary:
        """Make a container of an image that is here.

        :param container_id: a new one (`engine.containers.names.new_id`); "" makes one.
        :param at_once: it is started now. Where its end removes it, a loss of power, which would be its end,
            may undo that it was made.
        :raises NotFound: the image is not here. :raises AlreadyExists: the name is taken.
        :raises InvalidArgument: an option cannot be meant.
        """
        from engine.containers import stack, volumes
        from engine.containers.joining import settled
        from engine.containers.networking import enrolment
        from engine.containers.resolve import resolve_config

        if options.name:
            check_name(options.name)
        options = settled(self._store, options)
        recipe = self._recipes.recipe(options.image)
        container_id = container_id or new_id()
        config = resolve_config(
            container_id,
            options,
            recipe.run,
            os.uname().nodename,
            self._store.usual_log,
            volumes.inherited_mounts(self._store, options.volumes_from),
        )
        volumes.check_sources(config.binds)
        directory = self._store.layout.container(container_id)
        draft = Record(container_id, options.name, recipe.image_id, options.image, time.time(), config)
        stack.prepare(directory)
        try:
            overlay = stack.overlay_of(self._store.layout, directory, recipe)
            stack.begin(self._store.layout, overlay, recipe)
            with volumes.held_volumes(self._store, config.binds, overlay):
                durable = not (at_once and config.auto_remove)
                record = self._store.records.add(draft, enrolment(self._store, options), durable)
        except BaseException:
            from engine.layers.removal import remove_tree

            remove_tree(directory)
            raise
        self._store.tell("create", record)
        return summary(record, self._store.state(record))

    def start(
        self,
        name: str,
        attach: bool = False,
        only_if: Callable[[Record], bool] | None = None,
        size: tuple[int, int] | None = None,
        on_step: OnStep | None = None,
        waiting: Waiting | None = None,
        at_once: bool = False,
    ) -> Started:
        """Start a container; it outlives this process.

        :param only_if: asked once nobody else can start it; where it says no, nothing is done.
        :param attach: give a socket that has its streams from the first byte on.
        :param size: rows and columns of its terminal, before the front's first word about it.
        :param on_step: called after each step of the start; the next is done when it returns.
        :param waiting: a monitor that was asked for before, attached as `attach` says.
        :param at_once: whoever starts it made it just now: where they end meanwhile, it goes if it was to go
            at its end.
        :raises Conflict: it runs already. :raises LaunchError: a step failed; nothing is left running.
        """
        from engine.containers.joining import join
        from engine.containers.networking import network_maker
        from engine.containers.task import build_task
        from engine.runtime.start import launch
        from engine.runtime.waiting import Waiting

        record = self._store.records.find(name)
        with self._store.locked(record) as lock:
            record = self._store.records.find(record.id)  # removed meanwhile, perhaps
            if not self._may_start(record, attach, only_if):
                return Started(record.id, None)
            overlay = self._prepare(record)
            attached = attach and record.config.interactive
            # Asked for first: it comes up while its task is put together.
            with (
                waiting or Waiting(record.id, attach) as monitor,
                network_maker(self._store, record) as network,
            ):
                task = build_task(self._store.layout, record, overlay, attached)
                task.at_once = at_once
                join(self._store, record, task)
                task.program.size = size
                launched = launch(
                    task,
                    lock=lock,
                    network=network,
                    on_step=on_step,
                    waiting=monitor,
                    meanwhile=_load_what_follows if attach else None,
                )
        return Started(record.id, launched.attachment)

    def _may_start(self, record: Record, attach: bool, only_if: Callable[[Record], bool] | None) -> bool:
        """Whether it is to be started; what a killed monitor left of it is gone then."""
        state = self._store.state(record)
        if state.status == "paused":
            raise Conflict(f"{record.name} is paused", hint=f"lamina unpause {record.name} has it go on")
        if only_if and not only_if(record):
            return False
        if state.standing:
            if attach:
                raise Conflict(f"{record.name} runs already", hint=f"lamina logs -f {record.name}")
            return False
        if state.status == "dead":
            from engine.runtime.groups import remove_left_groups

            remove_left_groups(record.id)
        return True

    def _prepare(self, record: Record) -> Overlay:
        """What its next life stands on: its files, its volumes, and nothing that was said of the last one."""
        from engine.containers import stack, volumes
        from engine.runtime.policy import forget_ended, write_policy

        directory = self._store.directory(record)
        stack.forget_last_mount(directory)
        overlay = stack.overlay_of(self._store.layout, directory, self._recipes.recipe(record.image_id))
        stack.check_way(overlay, directory)
        volumes.check_sources(record.config.binds)
        volumes.settle_volumes(self._store, record.config.binds)
        write_policy(directory, record.config.restart)
        forget_ended(directory)
        (directory / "name").unlink(missing_ok=True)
        return overlay

    def attach(self, name: str) -> socket.socket:
        """A socket with the streams of a running container, from now on."""
        from engine.containers.task import attach_socket
        from engine.runtime.attach import attach

        record = self._store.running(name)
        return attach(attach_socket(self._store.layout, record.id))

    def stop(self, name: str, timeout: float | None = None, signal: str = "") -> None:
        """Send the container's stop signal, and SIGKILL when `timeout` seconds have passed.

        :param timeout: None takes what the container was made with. :param signal: instead of its own.
        One that does not run is stopped already.
        """
        from engine.containers.stopping import end
        from engine.runtime.signals import signal_number

        record = self._store.records.find(name)
        grace = record.config.stop_timeout if timeout is None else timeout
        if end(self._store, record, signal_number(signal or record.config.stop_signal), grace):
            self._store.tell("stop", record)

    def kill(self, name: str, signal: str = "KILL") -> None:
        """Send a signal to a container's first process.

        KILL and the container's own stop signal are a wish that it stays ended, as with Docker.

        :param signal: a name with or without SIG, or a number.
        :raises Conflict: it does not run.
        """
        from engine.containers.stopping import ask
        from engine.runtime.policy import PERSON, mark_ended
        from engine.runtime.signals import signal_number

        number = signal_number(signal)
        record = self._store.records.find(name)
        state = self._store.state(record)
        if not state.standing:
            raise Conflict(f"{record.name} is not running", hint=f"start it: lamina start {record.name}")
        ends = number in (signal_number("KILL"), signal_number(record.config.stop_signal))
        if ends:
            mark_ended(self._store.directory(record), PERSON, record.config.restart)
        ask(self._store, record, state, number, ends)
        self._store.tell("kill", record, signal=str(number))

    def wait(self, name: str) -> int:
        """Wait until a container has ended; gives its exit code, 137 where that is not known."""
        from engine.runtime.ending import wait_for_exit

        record = self._store.records.find(name)
        directory = self._store.directory(record)
        wait_for_exit(directory, None)
        code = read_state(directory).exit_code
        return 137 if code is None else code

    def remove(self, name: str, force: bool = False, volumes: bool = False) -> None:
        """Remove a container and its writable layer.

        :param force: kill it first if it runs.
        :param volumes: also those that were made for it without a name, as `--rm` does anyway.
        :raises Conflict: it runs.
        """
        from engine.containers.networking import has_networks
        from engine.containers.stopping import end
        from engine.containers.task import attach_socket
        from engine.containers.volumes import drop_anonymous
        from engine.layers.removal import remove_tree
        from engine.runtime.ending import end_listener
        from engine.runtime.groups import remove_left_groups
        from engine.runtime.signals import signal_number

        record = self._store.records.find(name)
        directory = self._store.directory(record)
        with self._store.locked(record):
            try:
                state = self._store.state(record)
            except Corrupt:
                if not force:
                    raise
                end_listener(attach_socket(self._store.layout, record.id))
            else:
                if state.standing and not force:
                    raise Conflict(
                        f"{record.name} is {state.status}",
                        hint=f"stop it first, or remove it all the same: lamina rm -f {record.name}",
                    )
                end(self._store, record, signal_number("KILL"), 0)
            # Whatever its state says: a monitor may have been killed before it wrote one.
            remove_left_groups(record.id)
            if has_networks(record.config.network):
                self._store.networks.release(record.id)
            # The row first: what is left of the directory when we are killed is swept, a row would show.
            self._store.records.remove(record.id)
            remove_tree(directory)
            remove_tree(self._store.layout.container_run(record.id))
        if volumes or record.config.auto_remove:
            drop_anonymous(self._store, record)
        self._store.tell("destroy", record)

    def remove_ended(self, name: str) -> None:
        """Remove one that was to go at its end, unless it is started again; gone already is fine."""
        from engine.runtime.policy import AGAIN, ended_by

        with contextlib.suppress(NotFound):
            record = self._store.records.find(name)
            if ended_by(self._store.directory(record)) != AGAIN:
                self._remove_unless_started(record.id)

    def _remove_unless_started(self, container_id: str) -> None:
        # Not by force: what somebody has started since we looked is theirs. Nor where its state is damaged.
        with contextlib.suppress(NotFound, Conflict, Corrupt):
            self.remove(container_id)

    def is_running(self, container_id: str) -> bool:
        """Whether the container of an id runs; for those who must not take what it stands on."""
        try:
            return read_state(self._store.layout.container(container_id)).standing
        except Corrupt:
            return True  # for all we know


def _load_what_follows() -> None:
    """Load what those who wait for the end of a container go on with, while its monitor works."""
    import engine.containers.stopping
    import engine.layers.removal
    import engine.runtime.attach
    import engine.runtime.ending  # noqa: F401
