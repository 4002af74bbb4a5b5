"""What a monitor leaves for others to read: the container's state, its steps, and events.

The state file is replaced whole, so a reader sees the old or the new one. Processes are named by
pid *and* start time (proc_pid_stat(5), field 22), and those by the boot they belong to, because a
pid alone may be somebody else's by now.
"""

from __future__ import annotations

import fcntl
import os
import time

from .text import Value, flat_object


def start_time(pid: int) -> int:
    """When a process started, in clock ticks since boot; 0 when there is none, or only its zombie."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rsplit(b")", 1)[1].split()
    except (OSError, IndexError):
        return 0
    return 0 if fields[0] in (b"Z", b"X") else int(fields[19])


_boot: list[str] = []


def boot_id() -> str:
    """The kernel's name for this boot of the machine."""
    if not _boot:  # no process lives to see another
        with open("/proc/sys/kernel/random/boot_id") as file:
            _boot.append(file.read().strip())
    return _boot[0]


class State:
    """The state file of one container, as its monitor knows it."""

    def __init__(self, path: str) -> None:
        self._path = path
        monitor = os.getpid()
        self.fields: dict[str, Value] = {
            "status": "created",
            "pid": 0,
            "pid_start": 0,
            "monitor": monitor,
            "monitor_start": start_time(monitor),
            "boot": boot_id(),
            "started": None,
            "finished": None,
            "exit_code": None,
            "error": "",
            "out_of_memory": False,
            "restarts": 0,
            "freezer": "",
            "health": "",
        }

    def running(self, pid: int, freezer: str = "", restarts: int = 0, health: str = "") -> None:
        """The program has been executed.

        :param freezer: the file that holds its processes (`freezer.freezer_of`).
        :param restarts: how many times this monitor started it again. :param health: where probes begin.
        """
        self._write(
            status="running",
            pid=pid,
            pid_start=start_time(pid),
            started=time.time(),
            freezer=freezer,
            restarts=restarts,
            health=health,
        )

    def healthy(self, health: str) -> None:
        """What its probes came to: "starting", "healthy" or "unhealthy"."""
        self._write(health=health)

    def restarting(self, exit_code: int, out_of_memory: bool) -> None:
        """The program has ended, and will be started again."""
        self._end("restarting", exit_code, out_of_memory, durable=False)

    def exited(self, exit_code: int, durable: bool, out_of_memory: bool = False) -> None:
        """The program has ended.

        :param out_of_memory: the kernel killed one of its processes, because its memory limit was reached.
        :param durable: wait until the disk has it; not worth it for a container that is removed next.
        """
        self._end("exited", exit_code, out_of_memory, durable)

    def failed(self, message: str, exit_code: int) -> None:
        """It could not be started, be it for the first time or again."""
        status = "exited" if self.fields["started"] else "created"
        self._write(status=status, finished=time.time(), exit_code=exit_code, error=message)

    def _end(self, status: str, exit_code: int, out_of_memory: bool, durable: bool) -> None:
        self._write(
            durable,
            status=status,
            pid=0,
            pid_start=0,
            finished=time.time(),
            exit_code=exit_code,
            out_of_memory=out_of_memory,
            freezer="",
        )

    def _write(self, durable: bool = False, **changes: Value) -> None:
        self.fields.update(changes)
        replace_file(self._path, flat_object(self.fields).encode(), durable)


def first_process(path: str) -> tuple[int, int]:
    """Pid and start time of a container's first process, by its state file; zeros where there is none."""
    try:
        with open(path) as file:
            text = file.read()
    except FileNotFoundError:
        return 0, 0
    # A monitor wrote it, as `flat_object` does; a quote within a text is escaped, so these are the fields.
    found = (text.partition(f'"{name}":')[2].partition(",")[0] for name in ("pid", "pid_start"))
    pid, start = (int(word) if word.isdigit() else 0 for word in found)
    return pid, start


def replace_file(path: str, data: bytes, durable: bool = False) -> None:
    """Put a file in place of another, whole."""
    temporary = f"{path}.tmp"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        while data:
            data = data[os.write(fd, data) :]
        if durable:
            os.fsync(fd)
    finally:
        os.close(fd)
    os.replace(temporary, path)


def append_event(
    journal: str, action: str, id: str, attributes: dict[str, str], kind: str = "container"
) -> None:
    """Add an event to the store's journal; same form and lock as `engine.store.journal`."""
    event: dict[str, Value | dict[str, str]] = {
        "time": time.time(),
        "kind": kind,
        "action": action,
        "id": id,
        "attributes": attributes,
    }
    line = flat_object(event).encode() + b"\n"
    while True:
        fd = os.open(journal, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            here, there = os.fstat(fd), os.stat(journal)
            if (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino):
                continue  # rotated away while this waited for the lock
            if here.st_size and os.pread(fd, 1, here.st_size - 1) != b"\n":
                line = b"\n" + line  # somebody was killed half way through a line
            os.write(fd, line)
            return
        finally:
            os.close(fd)
