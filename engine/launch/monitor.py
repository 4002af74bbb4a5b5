"""The monitor: one process per container, which outlives the front that started it.

It makes the container's first process, keeps its output in the log, passes it to attached fronts
and their input to it, and writes down how it ended.
"""

from __future__ import annotations

import errno
import os

from . import cgroups, frames, init, state, unix
from . import syscalls as sys
from .clients import Client
from .log import Log
from .messages import Failure, Reporter, Stage, take_messages
from .streams import Streams
from .task import Task
from .text import Value, flat_object


def main(task_fd: int, report_fd: int, attach_fd: int) -> None:
    """Read the task, run the container, and end with it.

    :param task_fd: a pipe with the task's document. :param report_fd: a pipe for messages.
    :param attach_fd: a connected socket of the front that waits for the end, or -1.
    """
    for fd in (task_fd, report_fd, attach_fd):
        if fd >= 0:
            os.set_inheritable(fd, False)
    # Ended by the end of its container, not by the front's terminal.
    sys.ignore_signals((sys.SIGHUP, sys.SIGINT, sys.SIGQUIT, sys.SIGTERM))
    sys.set_process_name("lamina-monitor")
    sys.prctl(sys.PR_SET_DUMPABLE, 0)
    os.chdir("/")
    with open(task_fd, "rb") as pipe:
        task = Task.load(pipe.read())
    reporter = Reporter(report_fd)
    monitor = Monitor(task, reporter, Client(unix.adopt(attach_fd)) if attach_fd >= 0 else None)
    try:
        monitor.run()
    except Failure as failure:
        monitor.fail(failure)
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        refused = error.errno == errno.EPERM and os.geteuid() != 0
        monitor.fail(
            Failure(
                reporter.stage, f"{error.strerror}{place}", errno=error.errno or 0,
                hint="only root may do this here: try it with sudo" if refused else "",
            )
        )  # fmt: skip


class Monitor:
    """What a monitor knows of its container.

    :param owner: the front that waits for the end, attached since before the start; or None.
    """

    def __init__(self, task: Task, reporter: Reporter, owner: Client | None) -> None:
        self._task = task
        self._reporter = reporter
        self._owner = owner
        self._state = state.State(os.path.join(task.places.directory, "state"))
        self._steps: list[dict[str, Value]] = []

    def run(self) -> None:
        """From nothing to the end of the container."""
        server = unix.listen(self._task.places.socket)
        log = Log(os.path.join(self._task.places.directory, "container.log"))
        pid, streams = self._launch(log)
        if self._owner:
            streams.add(self._owner)
        try:
            streams.run(server, os.pidfd_open(pid), self._end_rest)
        finally:
            log.close()
        _, status = os.waitpid(pid, 0)
        self._finish(server, streams, os.waitstatus_to_exitcode(status))

    def fail(self, failure: Failure) -> None:
        """The container never ran: say so to whoever waits, and leave nothing."""
        fields = failure.fields
        code = int(str(fields["exit_code"]))
        self._remove_groups()
        self._state.failed(f"{fields['stage']}: {fields['message']}", code)
        self._remove_socket()
        self._reporter.send(fields)
        if self._owner:
            self._owner.finish(frames.exit_frame(code))

    # ------------------------------------------------------------------ start

    def _launch(self, log: Log) -> tuple[int, Streams]:
        self._make_groups()
        self._reporter.begin(Stage.PROCESS)
        ours, theirs = self._pipes()
        report_read, report_write = os.pipe2(os.O_CLOEXEC)
        channel, init_channel = unix.pair()
        if "pid" not in self._task.walls.shared:
            sys.unshare(sys.CLONE_NEWPID)
        pid, in_unified = cgroups.fork(self._task.walls.groups)
        if pid == 0:
            for target, fd in enumerate(theirs):
                os.dup2(fd, target)
            init.run(self._task, report_write, init_channel.detach(), in_unified)
        os.close(report_write)
        init_channel.close()
        for fd in theirs:
            os.close(fd)
        self._reporter.step(f"process {pid}, number 1 inside", "unshare --pid --fork")
        self._await_exec(pid, report_read)
        streams = self._streams(ours, channel, log)
        channel.close()
        self._state.running(pid)
        steps = "".join(f"{flat_object(step)}\n" for step in self._steps)
        state.replace_file(os.path.join(self._task.places.directory, "steps.jsonl"), steps.encode())
        self._event("start")
        self._reporter.send({"kind": "running", "pid": pid})
        return pid, streams

    def _make_groups(self) -> None:
        walls = self._task.walls
        if not walls.groups:
            return
        self._reporter.begin(Stage.CGROUPS)
        cgroups.make(walls.groups)
        unified = [group.path for group in walls.groups if group.version == 2]
        if walls.device_filter and unified:
            from .device_filter import filter_devices

            filter_devices(unified[0], walls.device_filter)
        self._reporter.step(
            f"{len(walls.groups)} control groups", "; ".join(f"mkdir {group.path}" for group in walls.groups)
        )

    def _end_rest(self) -> None:
        """Without a pid namespace of its own the kernel does not end a container's other processes."""
        if "pid" in self._task.walls.shared:
            cgroups.clear(group.path for group in self._task.walls.groups)

    def _remove_groups(self) -> None:
        cgroups.remove(group.path for group in self._task.walls.groups)

    def _pipes(self) -> tuple[list[int], list[int]]:
        """Ends for the monitor and for the container: input, output, errors."""
        null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        if self._task.program.tty:
            return [], [null, os.dup(null), os.dup(null)]
        out_read, out_write = os.pipe2(os.O_CLOEXEC)
        error_read, error_write = os.pipe2(os.O_CLOEXEC)
        if not self._task.stdin_open:
            return [-1, out_read, error_read], [null, out_write, error_write]
        os.close(null)
        in_read, in_write = os.pipe2(os.O_CLOEXEC)
        return [in_write, out_read, error_read], [in_read, out_write, error_write]

    def _await_exec(self, pid: int, report_read: int) -> None:
        """Read init's messages until exec closes them.

        :raises Failure: init told one, or ended without a word.
        """
        failure: Failure | None = None
        buffer = bytearray()
        while data := os.read(report_read, 65536):
            buffer += data
            for message in take_messages(buffer):
                kind = message.pop("kind")
                if kind == "failed":
                    stage, text = message.pop("stage"), message.pop("message")
                    failure = Failure(stage, text, **message)
                else:
                    self._steps.append(message)
                    self._reporter.send({"kind": kind, **message})
        os.close(report_read)
        if failure is not None:
            os.waitpid(pid, 0)
            raise failure

    def _streams(self, ours: list[int], channel: unix.Socket, log: Log) -> Streams:
        if self._task.program.tty:
            terminal = unix.receive_descriptor(channel)
            os.set_blocking(terminal, False)
            return Streams({terminal: frames.STDOUT}, terminal, terminal, False, log)
        input_fd, out, err = ours
        if input_fd >= 0:
            os.set_blocking(input_fd, False)
        outputs = {out: frames.STDOUT, err: frames.STDERR}
        return Streams(outputs, input_fd, -1, self._task.stdin_once, log)

    # ------------------------------------------------------------------ the end

    def _finish(self, server: unix.Socket, streams: Streams, status: int) -> None:
        code = 128 - status if status < 0 else status
        server.close()
        self._remove_socket()
        out_of_memory = cgroups.was_out_of_memory(self._task.walls.groups)
        self._remove_groups()
        self._state.exited(code, durable=not self._task.on_exit, out_of_memory=out_of_memory)
        if out_of_memory:
            self._event("oom")
        self._event("die", exitCode=str(code))
        # Whoever waits for the end of a `--rm` removes it; when nobody does, that is left to us.
        owner_waits = self._owner is not None and not self._owner.gone
        for client in streams.clients.values():
            client.finish(frames.exit_frame(code))
        if self._task.on_exit and not owner_waits:
            os.execv(self._task.on_exit[0], self._task.on_exit)

    def _remove_socket(self) -> None:
        socket_path = self._task.places.socket
        for remove, path in ((os.unlink, socket_path), (os.rmdir, os.path.dirname(socket_path))):
            try:
                remove(path)
            except OSError:
                continue

    def _event(self, action: str, **attributes: str) -> None:
        described = {"name": self._task.name, "image": self._task.image, **attributes}
        state.append_event(self._task.places.journal, action, self._task.id, described)
