"""Ending what runs, is held, or waits to be started again, so that it stays ended."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from engine.containers.records import Record
from engine.containers.store import ContainerStore
from engine.errors import Conflict, Unavailable
from engine.launch.freezer import hold
from engine.runtime.policy import PERSON, mark_ended
from engine.runtime.state import NOBODY, Process, State

# Seconds from SIGKILL until the kernel and the monitor are done with it. The mount of its layers ends when
# the disk has all that was written to it, by whomever: many seconds, where others write gigabytes.
_KILL_PATIENCE = 60.0
_SIGKILL = 9


def end(
    store: ContainerStore, record: Record, number: int, grace: float, why: str = PERSON, mark: bool = True
) -> bool:
    """End a container; gives whether there was anything to end.

    :param number: of the signal that asks it to. :param grace: seconds from there to SIGKILL.
    :param why: what its monitor is told, and the next start of the machine. :param mark: whether it is.
    :raises Conflict: the kernel does not let go of it.
    """
    if not store.state(record).standing:
        return False
    if mark:
        mark_ended(store.directory(record), why, record.config.restart)
    asked = number != _SIGKILL and _ends_within(store, record, number, grace)
    if not asked and not _ends_within(store, record, _SIGKILL, _KILL_PATIENCE):
        raise Conflict(
            f"{record.name} does not end: the kernel holds its process {store.state(record).init.pid}",
            hint="it waits for a disk or a network mount; see /proc/PID/stack on the host",
        )
    return True


def ask(store: ContainerStore, record: Record, state: State, number: int, ends: bool) -> None:
    """Send a signal to a container's first process.

    :param ends: it is meant to end the container: one that is held goes on, and one that waits for its next
        start is woken, to find that it is wanted no more.
    """
    if state.status == "restarting":
        if ends:
            wake(store, record)
        return
    state.init.signal(number)
    if ends and state.freezer:
        # After the signal: the first thing it does when it goes on is to take it.
        with contextlib.suppress(OSError):  # the group is gone, and all that was in it
            hold(state.freezer, False)


def wake(store: ContainerStore, record: Record) -> None:
    """Have the monitor of a container that waits for its next start look whether it is wanted still."""
    from engine.containers.task import attach_socket
    from engine.runtime.attach import connect

    with contextlib.suppress(Unavailable):  # it ended in this instant
        connect(attach_socket(store.layout, record.id)).close()


def _ends_within(store: ContainerStore, record: Record, number: int, seconds: float) -> bool:
    """Send a signal to every first process the container has within so many seconds, until it has ended."""
    from engine.runtime.ending import wait_until

    directory: Path = store.directory(record)
    deadline = time.monotonic() + seconds
    asked: Process = NOBODY
    while (state := store.state(record)).standing:
        # Between our look and our signal it may have begun its next life, which has another first process.
        if state.status == "restarting" or state.init != asked:
            ask(store, record, state, number, ends=True)
            asked = state.init

        def moved_on(now: State, seen: State = state) -> bool:
            return (now.init, now.status == "restarting") != (seen.init, seen.status == "restarting")

        if not wait_until(directory, moved_on, max(0.0, deadline - time.monotonic())):
            return False
    return True
