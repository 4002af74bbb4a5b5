"""The start of one life of a container, as its monitor does it: groups, first process, steps, streams."""

from __future__ import annotations

import os

from . import cgroups, frames, init, unix
from . import syscalls as sys
from .fork import fork_apart, may_come_back
from .messages import Failure, Reporter, Stage, take_messages
from .plug import Plug
from .sharing import join_pid
from .streams import Streams
from .task import Task
from .text import Value

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from .log import Log


class Start:
    """One start.

    :param again: it ran before, under this monitor; its control groups are kept.
    :param plug: what the container's own network comes from; None where it has none.
    :ivar steps: what was done, as `steps.jsonl` tells it.
    """

    def __init__(self, task: Task, reporter: Reporter, again: bool, plug: Plug | None = None) -> None:
        self._task = task
        self._reporter = reporter
        self._again = again
        self._plug = plug
        self._pausing = task.pausing and not again
        self.steps: list[dict[str, Value]] = []

    def run(self, log: Log) -> tuple[int, Streams]:
        """From nothing to the program: the pid of the first process, and its streams.

        :raises Failure: a step failed; nothing of it runs any more. :raises OSError: likewise.
        """
        self._make_groups()
        if self._plug and "pid" in self._task.walls.of_others:
            # Until its root is its own, the other container sees a process of the host's: not for long.
            self._reporter.begin(Stage.NETWORK)
            self._plug.take()
        self._reporter.begin(Stage.PROCESS)
        task = self._task
        ours, theirs = stream_ends(task.stdin_open, task.program.tty)
        report_read, report_write = self._report_ends()
        channel, init_channel = unix.pair()
        join_pid(task.walls)
        if task.overlay.program:
            from .fuse import show

            task.stack = show(task.overlay)
        pid, in_unified = self._fork()
        if pid == 0:
            # Or the end of the monitor would not be heard on the other ones.
            os.close(report_read)
            channel.close()
            for target, fd in enumerate(theirs):
                os.dup2(fd, target)
            init.run(task, report_write, init_channel.detach(), in_unified, self._pausing)
        os.close(report_write)
        init_channel.close()
        if task.stack >= 0:
            os.close(task.stack)
        for fd in set(theirs):
            os.close(fd)
        self.steps.append(self._reporter.step(f"process {pid}, number 1 inside", "unshare --pid --fork"))
        self._hand_network(pid, report_read, channel)
        self._await_exec(pid, report_read)
        streams = self._streams(ours, channel, log)
        channel.close()
        return pid, streams

    def _make_groups(self) -> None:
        walls = self._task.walls
        if not walls.groups:
            return
        self._reporter.begin(Stage.CGROUPS)
        if self._again:
            # Kept as they are, for their limits may have been changed since; only what is left in them goes.
            cgroups.clear(group.path for group in walls.groups)
            return
        cgroups.make(walls.groups)
        unified = [group.path for group in walls.groups if group.version == 2]
        if walls.device_filter and unified:
            from .device_filter import filter_devices

            filter_devices(unified[0], walls.device_filter)
        made = "; ".join(f"mkdir {group.path}" for group in walls.groups)
        self.steps.append(self._reporter.step(f"{len(walls.groups)} control groups", made))

    def _fork(self) -> tuple[int, bool]:
        """The container's first process; whether it is in its group of version 2 already."""
        if "pid" not in self._task.walls.of_others:
            if not may_come_back():
                return fork_apart(), False
            self._renew_pid_namespace()
        return cgroups.fork(self._task.walls.groups)

    def _renew_pid_namespace(self) -> None:
        """Have the next fork be the first process of a new namespace."""
        if self._again:
            # One that has ended takes nobody any more, and only from one's own a new one can be made.
            own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
            sys.setns(own, sys.CLONE_NEWPID)
            os.close(own)
        sys.unshare(sys.CLONE_NEWPID)

    def _report_ends(self) -> tuple[int, int]:
        """What init's messages come by, and what it writes them to; both ways where it waits for words."""
        if not self._pausing:
            return os.pipe2(os.O_CLOEXEC)
        ours, theirs = unix.pair()
        return ours.detach(), theirs.detach()

    def _await_exec(self, pid: int, report_read: int) -> None:
        """Read init's messages until exec closes them.

        :raises Failure: init told one, or ended without a word.
        """
        failure: Failure | None = None
        buffer = bytearray()
        spoken = False  # it tells its steps before it executes the program, at the latest
        while data := os.read(report_read, 65536):
            spoken = True
            buffer += data
            for message in take_messages(buffer):
                kind = message.pop("kind")
                if kind == "failed":
                    stage, text = message.pop("stage"), message.pop("message")
                    failure = Failure(stage, text, **message)
                else:
                    changed = message.pop("changed", None)
                    self.steps.append(message)
                    if changed is None:
                        self._reporter.send({"kind": kind, **message})
                    else:
                        self._reporter.send({"kind": kind, **message, "changed": changed})
                        self._hand_on_word(pid, report_read)
        os.close(report_read)
        if not spoken:
            failure = Failure(Stage.PROCESS, "it was killed", hint="look for an out-of-memory kill in dmesg")
        if failure is not None:
            os.waitpid(pid, 0)
            raise failure

    def _hand_network(self, pid: int, report_read: int, channel: unix.Socket) -> None:
        """Give init its network, when it is there.

        :raises Failure: there is none.
        """
        if not self._plug:
            return
        self._reporter.begin(Stage.NETWORK)
        try:
            self._plug.take()
        except Failure:
            channel.close()
            os.close(report_read)
            os.waitpid(pid, 0)
            raise
        self._plug.hand_on(channel)

    def _hand_on_word(self, pid: int, init: int) -> None:
        """Let init do its next step when the front wants it; its end is ours, which is init's."""
        try:
            self._reporter.await_word()
            os.write(init, b"+")
        except Failure:
            os.close(init)
            os.waitpid(pid, 0)
            raise

    def _streams(self, ours: list[int], channel: unix.Socket, log: Log) -> Streams:
        if self._task.program.tty:
            terminal = unix.receive_descriptor(channel)
            return program_streams(ours, terminal, False, log)
        return program_streams(ours, -1, self._task.stdin_once, log)


def stream_ends(stdin: bool, nothing: bool) -> tuple[list[int], list[int]]:
    """Ends for who serves a program and for the program: input, output, errors; -1 for none.

    :param stdin: it has an input. :param nothing: it has no pipes, for a terminal follows, or nobody listens.
    """
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    if nothing:
        return [-1, -1, -1], [null, null, null]
    out_read, out_write = os.pipe2(os.O_CLOEXEC)
    error_read, error_write = os.pipe2(os.O_CLOEXEC)
    if not stdin:
        return [-1, out_read, error_read], [null, out_write, error_write]
    os.close(null)
    in_read, in_write = os.pipe2(os.O_CLOEXEC)
    return [in_write, out_read, error_read], [in_read, out_write, error_write]


def program_streams(ours: list[int], terminal: int, input_ends: bool, log: Log | None) -> Streams:
    """What serves a program's streams.

    :param ours: of `stream_ends`. :param terminal: the master end of its terminal, -1 without one.
    :param input_ends: whether fronts may end its input.
    """
    if terminal >= 0:
        os.set_blocking(terminal, False)
        return Streams({terminal: frames.STDOUT}, terminal, terminal, False, log)
    stdin, out, err = ours
    if stdin >= 0:
        os.set_blocking(stdin, False)
    outputs = {fd: kind for fd, kind in ((out, frames.STDOUT), (err, frames.STDERR)) if fd >= 0}
    return Streams(outputs, stdin, -1, input_ends, log)
