"""Looking after a container's health: Docker's rules (moby: daemon/health.go), kept by its monitor.

A program is run inside, with the sandbox of the container's own, every so often. What came of it stands in
the file `health` of the container's directory: a line with the failures in a row, then a line for each of the
last looks, and in the state: "starting", "healthy" or "unhealthy".
"""

from __future__ import annotations

import os
import time

from .freezer import is_held
from .joining import Joined, join
from .messages import Failure
from .state import replace_file
from .syscalls import SIGKILL
from .text import flat_object

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from collections.abc import Callable

    from .streams import Streams
    from .task import Check, Program, Task
    from .text import Value

FILE = "health"
STARTING, HEALTHY, UNHEALTHY = "starting", "healthy", "unhealthy"

_KEPT = 5  # looks, as Docker
_MOST_OUTPUT = 4096  # bytes of one look's output, as Docker
_TIMED_OUT = -1
_AGAIN = 1.0  # seconds until what did not end at SIGKILL, because it is held, is sent another


class Health:
    """The health of one life of a container.

    :param pid: of its first process. :param freezer: the file that holds its processes.
    :param tell: called with each new status.
    """

    def __init__(
        self, task: Task, check: Check, pid: int, freezer: str, tell: Callable[[str], None], streams: Streams
    ) -> None:
        self._task = task
        self._check = check
        self._freezer = freezer
        self._tell = tell
        self._streams = streams
        self._init = os.pidfd_open(pid)
        self._began = time.monotonic()
        self._next = self._began + self._pause()
        self._look: _Look | None = None
        self._streak = 0
        self._lines: list[str] = []
        self.status = STARTING
        self._write()

    def act(self) -> float:
        """Do what is due; gives how many seconds from now to be called again."""
        now = time.monotonic()
        if now >= self._next:
            if self._look:
                self._look.time_out()
                self._next = now + _AGAIN
            elif self._freezer and is_held(self._freezer):
                self._next = now + self._check.interval  # what is held can answer nothing
            else:
                self._begin(now)
        return max(0.0, self._next - now)

    def end(self) -> None:
        """The container has ended, and with it whatever looks."""
        if self._look:
            self._look.abandon()
            self._look = None
        os.close(self._init)

    def _pause(self) -> float:
        within = time.monotonic() - self._began < self._check.start_period
        return self._check.start_interval if within else self._check.interval

    def _begin(self, now: float) -> None:
        program = self._task.program.running(self._check.argv)
        try:
            self._look = _Look(self._streams, self._finish)
            self._look.begin(self._init, self._task, program)
            self._next = now + self._check.timeout
        except (Failure, OSError):
            # The container is about to end, or the machine has no process or descriptor left just now.
            if self._look:
                self._look.abandon()
            self._look = None
            self._next = now + self._check.interval

    def _finish(self, code: int, output: bytes, started: float) -> None:
        self._look = None
        if code == _TIMED_OUT:
            output = f"Health check exceeded timeout ({self._check.timeout:g}s)".encode()
        fields: dict[str, Value] = {
            "start": started,
            "end": time.time(),
            "exit_code": code,
            "output": output.decode("utf-8", "replace"),
        }
        self._lines = [*self._lines, flat_object(fields)][-_KEPT:]
        before = self.status
        if code == 0:
            self._streak, self.status = 0, HEALTHY
        elif before != STARTING or time.monotonic() - self._began >= self._check.start_period:
            self._streak += 1
            if self._streak >= self._check.retries:
                self.status = UNHEALTHY
        self._next = time.monotonic() + self._pause()
        self._write()
        if self.status != before:
            self._tell(self.status)

    def _write(self) -> None:
        head = flat_object({"failing_streak": self._streak})
        try:
            text = "".join(f"{line}\n" for line in (head, *self._lines))
            replace_file(os.path.join(self._task.places.directory, FILE), text.encode())
        except OSError:
            return  # a full disk costs what was seen, never the container


class _Look:
    """One run of the program, from fork to exit code."""

    def __init__(self, streams: Streams, done: Callable[[int, bytes, float], None]) -> None:
        self._streams = streams
        self._done = done
        self._started = time.time()
        self._output = bytearray()
        self._timed_out = False
        self._joined: Joined | None = None
        self._pipe = -1
        self._pidfd = -1

    def begin(self, init: int, task: Task, program: Program) -> None:
        self._pipe, write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(write, True)
        null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        try:
            self._joined = join(init, task.walls.groups, program, (null, write, write))
        finally:
            os.close(null)
            os.close(write)
        self._streams.watch(self._joined.report, self._settle)
        self._streams.watch(self._pipe, self._read)

    def time_out(self) -> None:
        """It takes too long: end it, and all that it started in its session."""
        self._timed_out = True
        self._kill()

    def abandon(self) -> None:
        """Leave nothing of it."""
        if self._joined:
            self._kill()
            if self._pidfd < 0:
                self._streams.unwatch(self._joined.report)
                try:
                    self._joined.settle()
                    os.waitpid(self._joined.pid, 0)
                except Failure:
                    pass  # it has been waited for
            else:
                os.waitpid(self._joined.pid, 0)
        self._close()

    def _kill(self) -> None:
        assert self._joined is not None
        # It is our child and not waited for, so its number is nobody else's.
        for kill in (os.killpg, os.kill):
            try:
                kill(self._joined.pid, SIGKILL)
            except ProcessLookupError:
                continue  # it leads no group yet

    def _settle(self) -> None:
        assert self._joined is not None
        self._streams.unwatch(self._joined.report)
        try:
            self._joined.settle()
        except Failure as failure:
            self._output += str(failure).encode()
            self._end(int(str(failure.fields["exit_code"])))
            return
        self._pidfd = os.pidfd_open(self._joined.pid)
        self._streams.watch(self._pidfd, self._reap)

    def _read(self) -> None:
        try:
            data = os.read(self._pipe, 65536)
        except BlockingIOError:
            return
        # What is more than is kept is read all the same, so that nobody waits to write it.
        self._output += data[: _MOST_OUTPUT - len(self._output)]
        if not data:
            self._streams.unwatch(self._pipe)

    def _reap(self) -> None:
        assert self._joined is not None
        self._read()
        _, status = os.waitpid(self._joined.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        self._end(128 - code if code < 0 else code)

    def _end(self, code: int) -> None:
        self._close()
        self._done(_TIMED_OUT if self._timed_out else code, bytes(self._output), self._started)

    def _close(self) -> None:
        for fd in (self._pipe, self._pidfd):
            if fd >= 0:
                self._streams.unwatch(fd)
                os.close(fd)
        self._pipe = self._pidfd = -1
