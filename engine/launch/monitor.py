"""The monitor: one process per container, which outlives the front that started it.

It makes the container's first process, keeps its output in the log, passes it to attached fronts
and their input to it, and writes down how it ended.
"""

from __future__ import annotations

import os
import select

from . import frames, init, state, unix
from . import syscalls as sys
from .clients import Client
from .log import Log
from .messages import Failure, Reporter, Stage, take_messages
from .task import Task
from .terminal import resize
from .text import Value, flat_object

_CHUNK = 256 << 10  # bytes read from the container at a time


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
        monitor.fail(
            Failure(reporter.stage, f"{error.strerror}: {error.filename or ''}", errno=error.errno or 0)
        )


class Monitor:
    """What a monitor knows while its container runs."""

    def __init__(self, task: Task, reporter: Reporter, owner: Client | None) -> None:
        self._task = task
        self._reporter = reporter
        self._owner = owner
        self._clients: dict[int, Client] = {owner.fileno(): owner} if owner else {}
        self._state = state.State(os.path.join(task.places.directory, "state"))
        self._poll = select.poll()
        self._outputs: dict[int, bytes] = {}  # descriptor → kind of frame
        self._held = False
        self._input = -1
        self._input_waiting = bytearray()
        self._input_ends = False
        self._terminal = -1
        self._steps: list[dict[str, Value]] = []

    def run(self) -> None:
        """From nothing to the end of the container."""
        server = unix.listen(self._task.places.socket)
        log = Log(os.path.join(self._task.places.directory, "container.log"))
        pid, pidfd = self._launch()
        try:
            self._supervise(server, log, pidfd)
        finally:
            log.close()
        _, status = os.waitpid(pid, 0)
        self._finish(server, os.waitstatus_to_exitcode(status))

    def fail(self, failure: Failure) -> None:
        """The container never ran: say so to whoever waits, and leave nothing."""
        fields = failure.fields
        code = int(str(fields["exit_code"]))
        self._state.failed(f"{fields['stage']}: {fields['message']}", code)
        self._remove_socket()
        self._reporter.send(fields)
        for client in self._clients.values():
            client.finish(frames.exit_frame(code))

    # ------------------------------------------------------------------ start

    def _launch(self) -> tuple[int, int]:
        self._reporter.begin(Stage.PROCESS)
        ours, theirs = self._streams()
        report_read, report_write = os.pipe2(os.O_CLOEXEC)
        channel, init_channel = unix.pair()
        sys.unshare(sys.CLONE_NEWPID)
        pid = os.fork()
        if pid == 0:
            for target, fd in enumerate(theirs):
                os.dup2(fd, target)
            init.run(self._task, report_write, init_channel.detach())
        os.close(report_write)
        init_channel.close()
        for fd in theirs:
            os.close(fd)
        self._reporter.step(f"process {pid}, number 1 inside", "unshare --pid --fork")
        self._await_exec(pid, report_read)
        self._adopt_streams(ours, channel)
        channel.close()
        self._state.running(pid)
        steps = "".join(f"{flat_object(step)}\n" for step in self._steps)
        state.replace_file(os.path.join(self._task.places.directory, "steps.jsonl"), steps.encode())
        self._event("start")
        self._reporter.send({"kind": "running", "pid": pid})
        return pid, os.pidfd_open(pid)

    def _streams(self) -> tuple[list[int], list[int]]:
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

    def _adopt_streams(self, ours: list[int], channel: unix.Socket) -> None:
        if self._task.program.tty:
            self._terminal = unix.receive_descriptor(channel)
            os.set_blocking(self._terminal, False)
            self._outputs[self._terminal] = frames.STDOUT
            self._input = self._terminal
        else:
            self._input, out, err = ours
            self._outputs = {out: frames.STDOUT, err: frames.STDERR}
            if self._input >= 0:
                os.set_blocking(self._input, False)

    # ------------------------------------------------------------------ while it runs

    def _supervise(self, server: unix.Socket, log: Log, pidfd: int) -> None:
        """Until the first process has ended and all it wrote was read."""
        self._poll.register(server, select.POLLIN)
        self._poll.register(pidfd, select.POLLIN)
        for fd in self._outputs:
            self._poll.register(fd, select.POLLIN)
        for client in self._clients.values():
            self._poll.register(client, client.interest)
        ended = False
        while not ended or self._outputs:
            for fd, events in self._poll.poll():
                if fd in self._outputs:
                    self._pass_output(fd, log, ended)
                elif fd in self._clients:
                    self._serve(self._clients[fd], events)
                elif fd == pidfd:
                    ended = True
                    self._poll.unregister(pidfd)
                    self._drain_terminal(log)
                elif fd == server.fileno():
                    self._accept(server)
                elif fd == self._input:
                    self._pass_input()
            self._settle()
        os.close(pidfd)

    def _pass_output(self, fd: int, log: Log, ended: bool) -> None:
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""  # EIO: the terminal's last user is gone (pty(7))
        if not data:
            if fd == self._terminal and not ended:
                # Nobody holds the terminal just now, but the program may open it again.
                self._poll.modify(fd, 0)
                return
            self._close_output(fd)
            return
        kind = self._outputs[fd]
        log.write("stdout" if kind == frames.STDOUT else "stderr", data)
        message = frames.frame(kind, data)
        for client in self._clients.values():
            client.send(message)

    def _drain_terminal(self, log: Log) -> None:
        """Its last words: with the last process gone there is nothing more to wait for."""
        fd = self._terminal
        while fd in self._outputs:
            self._pass_output(fd, log, ended=True)

    def _close_output(self, fd: int) -> None:
        del self._outputs[fd]
        if not self._held:
            self._poll.unregister(fd)
        if fd == self._input:
            self._input = -1
        os.close(fd)

    def _accept(self, server: unix.Socket) -> None:
        try:
            connection = unix.accept(server)
        except OSError:
            return
        client = Client(connection)
        self._clients[client.fileno()] = client
        self._poll.register(client, client.interest)

    def _serve(self, client: Client, events: int) -> None:
        if events & select.POLLOUT:
            client.flush()
        if events & (select.POLLIN | select.POLLHUP | select.POLLERR):
            for kind, data in client.receive():
                self._obey(kind, data)

    def _obey(self, kind: bytes, data: bytes) -> None:
        if kind == frames.STDIN and self._input >= 0 and not self._input_ends:
            self._input_waiting += data
            self._pass_input()
        elif kind == frames.STDIN_END and self._task.stdin_once and self._input != self._terminal:
            self._input_ends = True
            self._pass_input()
        elif kind == frames.RESIZE and self._terminal >= 0:
            try:
                resize(self._terminal, *frames.unpack_size(data))
            except (ValueError, OSError):
                return

    def _pass_input(self) -> None:
        """Write what the container takes of its input; wait for room with poll, never here."""
        if self._input < 0:
            return
        try:
            while self._input_waiting:
                del self._input_waiting[: os.write(self._input, self._input_waiting)]
        except BlockingIOError:
            if self._input != self._terminal:
                self._poll.register(self._input, select.POLLOUT)
            return
        except OSError:
            self._input_waiting.clear()
            self._input_ends = self._input != self._terminal
        if self._input != self._terminal:
            try:
                self._poll.unregister(self._input)
            except KeyError:
                pass
            if self._input_ends:
                os.close(self._input)
                self._input = -1

    def _settle(self) -> None:
        """After each round: forget fronts that left, and hold the output while one cannot keep up."""
        for fd, client in list(self._clients.items()):
            if client.gone:
                self._poll.unregister(fd)
                del self._clients[fd]
                client.close()
                if client is self._owner:
                    self._owner = None
            else:
                self._poll.modify(client, client.interest)
        congested = any(client.congested for client in self._clients.values())
        if congested != self._held:
            self._held = congested
            for fd in self._outputs:
                if congested:
                    self._poll.unregister(fd)
                else:
                    self._poll.register(fd, select.POLLIN)

    # ------------------------------------------------------------------ the end

    def _finish(self, server: unix.Socket, status: int) -> None:
        code = 128 - status if status < 0 else status
        server.close()
        self._remove_socket()
        self._state.exited(code, durable=not self._task.on_exit)
        self._event("die", exitCode=str(code))
        owner_waits = self._owner is not None and not self._owner.gone
        for client in self._clients.values():
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
