"""Where a container stands, as its monitor wrote it and as its processes show."""

import json
import os
from pathlib import Path
from typing import NamedTuple

from engine.errors import Corrupt
from engine.launch.freezer import is_held
from engine.launch.state import boot_id, start_time

STANDING = ("running", "paused", "restarting")  # statuses in which its monitor has it in hand
_LOST = 255  # the exit code, as with Docker, of what ran when the machine went down


class Process(NamedTuple):
    """A process that cannot be mistaken for another: pid and start time in clock ticks."""

    pid: int
    start: int

    @property
    def alive(self) -> bool:
        """Whether it is there, and not only as a zombie."""
        return self.pid > 0 and self.start > 0 and start_time(self.pid) == self.start

    def signal(self, number: int) -> bool:
        """Send it a signal; False when it is gone. Never reaches another process of the same pid."""
        from signal import pidfd_send_signal  # half a millisecond that a start need not wait for

        try:
            fd = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return False
        try:
            if not self.alive:  # asked while the pidfd holds whom it names, so the answer is about that one
                return False
            pidfd_send_signal(fd, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(fd)
        return True


class State(NamedTuple):
    """One container's state.

    :param out_of_memory: the kernel killed one of its processes at the memory limit.
    :param status: "created", "running", "paused", "restarting", "exited" or "dead" (its monitor was killed).
    :param restarts: how many times its monitor has started it again.
    :param freezer: the file that holds and lets go its processes, "" where there is none.
    :param health: "starting", "healthy" or "unhealthy"; "" where nobody looks.
    :param this_boot: it was started, or was to be, since the machine was.
    """

    status: str
    init: Process
    monitor: Process
    started: float | None
    finished: float | None
    exit_code: int | None
    error: str
    out_of_memory: bool = False
    restarts: int = 0
    freezer: str = ""
    health: str = ""
    this_boot: bool = True

    @property
    def standing(self) -> bool:
        """Whether its monitor has it in hand: it runs, is held, or is about to be started again."""
        return self.status in STANDING


NOBODY = Process(0, 0)
NEVER_STARTED = State("created", NOBODY, NOBODY, None, None, None, "")


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
        init = Process(fields["pid"], fields["pid_start"]) if same_boot else NOBODY
        monitor = Process(fields["monitor"], fields["monitor_start"]) if same_boot else NOBODY
        status, exit_code, freezer = fields["status"], fields["exit_code"], fields.get("freezer", "")
        if status in STANDING and not same_boot:
            status, exit_code = "exited", _LOST
        elif status in STANDING and not monitor.alive:
            # The monitor may have written its last word between our reading and our looking.
            if path.read_bytes() != data:
                return read_state(directory)
            status = "dead"
        elif status == "running" and freezer and is_held(freezer):
            status = "paused"
        return State(
            status,
            init,
            monitor,
            fields["started"],
            fields["finished"],
            exit_code,
            fields["error"],
            bool(fields.get("out_of_memory")),
            int(fields.get("restarts", 0)),
            str(freezer),
            str(fields.get("health", "")),
            same_boot,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error) from error


def unknown_state(why: str) -> State:
    """What is shown of a container whose state file is damaged."""
    return State("dead", NOBODY, NOBODY, None, None, None, why)


def _damaged(path: Path, error: Exception) -> Corrupt:
    return Corrupt(
        f"the state file {path} cannot be read: {error}", hint="remove the container: lamina rm -f"
    )
