"""Waiting for the end of a container, without polling."""

from __future__ import annotations

import os
import select
import time
from pathlib import Path

from engine.linux.inotify import MOVED_TO, Inotify
from engine.runtime.state import read_state


def wait_for_exit(directory: Path, timeout: float | None) -> bool:
    """Wait until a container no longer runs; False when the time ran out before.

    Woken by the state file being replaced, and by the end of the monitor, which covers one that was killed.

    :param timeout: seconds; None waits for as long as it takes.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    with Inotify() as changes:
        try:
            changes.add(directory, MOVED_TO)
        except FileNotFoundError:
            return True  # removed
        while True:
            state = read_state(directory)
            if state.status not in ("running", "paused", "restarting"):
                return True
            try:
                monitor = os.pidfd_open(state.monitor.pid)
            except ProcessLookupError:
                continue  # gone since we looked: the next look says how it ended
            try:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return False
                select.select([changes.fileno(), monitor], [], [], left)
            finally:
                os.close(monitor)
            changes.read()
