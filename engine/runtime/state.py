"""Where a container stands, as its monitor wrote it and as its processes show."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from engine.errors import Corrupt
from engine.launch.state import boot_id, start_time


@dataclass(frozen=True, slots=True)
class Process:
    """A process that cannot be mistaken for another: pid and start time in clock ticks."""

    pid: int
    start: int

    @property
    def alive(self) -> bool:
        """Whether it is there, and not only as a zombie."""
        return self.pid > 0 and self.start > 0 and start_time(self.pid) == self.start

    def signal(self, number: int) -> bool:
        """Send it a signal; False when it is gone. Never reaches another process of the same pid."""
        try:
            fd = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return False
        try:
            if not self.alive:  # asked while the pidfd holds whom it names, so the answer is about that one
                return False
            signal.pidfd_send_signal(fd, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(fd)
        return True


@dataclass(frozen=True, slots=True)
class State:
    """One container's state.

    :param out_of_memory: the kernel killed one of its processes at the memory limit.
    :param status: "created", "running", "exited" or "dead" (its monitor was killed).
    """

    status: str
    init: Process
    monitor: Process
    started: float | None
    finished: float | None
    exit_code: int | None
    error: str
    out_of_memory: bool = False


_NOBODY = Process(0, 0)
NEVER_STARTED = State("created", _NOBODY, _NOBODY, None, None, None, "")


def read_state(directory: Path) -> State:
    """The state of the container whose directory this is.

    :raises Corrupt: the state file is not one that a monitor wrote.
    """
    path = directory / "state"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return NEVER_STARTED
    except OSError as error:
        raise _damaged(path, error) from error
    try:
        fields = json.loads(data)
        same_boot = fields["boot"] == boot_id()
        init = Process(fields["pid"], fields["pid_start"]) if same_boot else _NOBODY
        monitor = Process(fields["monitor"], fields["monitor_start"]) if same_boot else _NOBODY
        status = fields["status"]
        if status == "running" and not monitor.alive:
            # The monitor may have written its last word between our reading and our looking.
            if path.read_bytes() != data:
                return read_state(directory)
            status = "dead"
        return State(
            status,
            init,
            monitor,
            fields["started"],
            fields["finished"],
            fields["exit_code"],
            fields["error"],
            bool(fields.get("out_of_memory")),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error) from error


def unknown_state(why: str) -> State:
    """What is shown of a container whose state file is damaged."""
    return State("dead", _NOBODY, _NOBODY, None, None, None, why)


def _damaged(path: Path, error: Exception) -> Corrupt:
    return Corrupt(
        f"the state file {path} cannot be read: {error}", hint="remove the container: lamina rm -f"
    )
