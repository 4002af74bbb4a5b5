"""The monitor: one process per container, which outlives the front that started it.

It makes the container's first process, keeps its output in the log, passes it to attached fronts
and their input to it, and writes down how it ended.
"""

from __future__ import annotations

import errno
import os
import time

from . import cgroups, frames, netfilter, restarts, state, unix
from . import syscalls as sys
from .clients import Client
from .execs import Execs
from .freezer import freezer_of
from .log import Log, Rotation
from .messages import Failure, FrontGone, Reporter
from .plug import Plug
from .sharing import renew
from .starting import Start
from .streams import Streams
from .task import NAMESPACE, Task
from .text import flat_object

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from .health import Health

_NOT_STARTED = 125  # the exit code, as with Docker, of what could not be started


def main(task_fd: int, report_fd: int, attach_fd: int) -> None:
    """Read the task, run the container, and end with it.

    :param task_fd: a socket that the task's document comes from, with the descriptors to be kept; closed
        without one, there is nothing to do. :param report_fd: a socket for messages.
    :param attach_fd: a connected socket of the front that waits for the end, or -1.
    """
    # What the front was started with, such as the descriptor of a lock, is not the container's to keep; nor
    # is that of this interpreter.
    sys.close_descriptors(max(task_fd, report_fd, attach_fd) + 1)
    for fd in (task_fd, report_fd, attach_fd):
        if fd >= 0:
            os.set_inheritable(fd, False)
    # Ended by the end of its container, not by the front's terminal.
    sys.ignore_signals((sys.SIGHUP, sys.SIGINT, sys.SIGQUIT, sys.SIGTERM))
    sys.set_process_name("lamina-monitor")
    sys.prctl(sys.PR_SET_DUMPABLE, 0)
    # Keys of whoever started it, such as those of encrypted files, are not its programs' to use.
    sys.renew_session_keyring()
    os.chdir("/")
    received = _receive(task_fd)
    if received is None:
        return
    task, plug, lock = received
    reporter = Reporter(report_fd, pausing=task.pausing)
    owner = Client(unix.adopt(attach_fd)) if attach_fd >= 0 else None
    monitor = Monitor(task, reporter, owner, plug, lock)
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


def _receive(task_fd: int) -> tuple[Task, Plug | None, int] | None:
    """The task, what its own network comes by, and its container's lock; None without a task.

    :returns: the lock as a descriptor, -1 where nobody holds one.
    """
    os.dup2(task_fd, NAMESPACE, inheritable=False)  # keeps the number until it is known what gets it
    channel = unix.adopt(task_fd)
    document, descriptors = unix.receive_document(channel)
    channel.close()
    os.close(NAMESPACE)
    try:
        task = Task.load(document)
    except EOFError:
        return None  # whoever asked for it needs none any more
    lock = descriptors.pop() if task.locked else -1
    return task, Plug(descriptors.pop()) if task.network == "joined" else None, lock


class Monitor:
    """What a monitor knows of its container.

    :param owner: the front that waits for the end, attached since before the start; or None.
    :param plug: what its own network comes by; None where it has none.
    :param lock: the descriptor of what nobody else starts the container without, or -1.
    """

    def __init__(
        self, task: Task, reporter: Reporter, owner: Client | None, plug: Plug | None, lock: int
    ) -> None:
        self._task = task
        self._reporter = reporter
        self._owner = owner
        self._plug = plug
        self._lock = lock
        self._state = state.State(os.path.join(task.places.directory, "state"))
        self._restarts = restarts.Restarts(task.places.directory)
        self._kills = 0  # for want of memory, in lives before this one: the groups are kept

    def run(self) -> None:
        """From nothing to the end of the container, however often it is started again on the way."""
        server = unix.listen(self._task.places.socket)
        while True:
            began = time.monotonic()
            streams, code = self._live(server)
            pause = self._restarts.pause(code, time.monotonic() - began)
            if pause is None:
                break
            self._state.restarting(code, self._out_of_memory())
            self._tell_end(streams, code)
            self._owner = None
            if not self._await_next(server, pause):
                self._finish(server, None, code)
                return
        self._finish(server, streams, code)

    def _await_next(self, server: unix.Socket, pause: float | None) -> bool:
        """Let the pause before the next life pass; False: there is to be none.

        Where another container has to run for it, further pauses pass until it does.
        """
        while pause is not None and self._restarts.wait(server, pause):
            if renew(self._task.walls):
                return True
            pause = self._restarts.pause(_NOT_STARTED, 0.0)
        return False

    def fail(self, failure: Failure) -> None:
        """The container never ran: say so to whoever waits, and leave nothing."""
        fields = failure.fields
        code = int(str(fields["exit_code"]))
        self._remove_groups()
        self._unpublish()
        self._state.failed(f"{fields['stage']}: {fields['message']}", code)
        self._remove_socket()
        self._unlock()
        self._reporter.send(fields)
        if self._owner:
            self._owner.finish(frames.exit_frame(code))
        gone = isinstance(failure, FrontGone) or self._reporter.unheard
        if gone and self._task.at_once and self._task.on_exit:
            os.execv(self._task.on_exit[0], self._task.on_exit)

    def _live(self, server: unix.Socket) -> tuple[Streams, int]:
        """One life of the container; gives its streams, with whoever is attached, and its exit code."""
        places = self._task.places
        rotation = Rotation(places.log_size, places.log_files)
        log = Log(os.path.join(places.directory, "container.log"), rotation)
        try:
            pid, streams = self._launch(log)
            if self._owner:
                streams.add(self._owner)
            pidfd = os.pidfd_open(pid)
            streams.on_request = Execs(self._task, pidfd, self._name).begin
            health = self._watch_health(pid, streams)

            def at_end() -> None:
                if "pid" in self._task.walls.of_others:
                    # Without a pid namespace of its own the kernel does not end its other processes.
                    cgroups.clear(group.path for group in self._task.walls.groups)
                if health:
                    streams.alarm = None
                    health.end()

            streams.run(server, pidfd, at_end)
            os.close(pidfd)
        finally:
            log.close()
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        return streams, 128 - code if code < 0 else code

    def _watch_health(self, pid: int, streams: Streams) -> Health | None:
        if not self._task.health:
            return None
        from .health import Health  # with what it takes to join a container: most have no need of it

        def tell(status: str) -> None:
            self._state.healthy(status)
            self._event(f"health_status: {status}")

        health = Health(self._task, self._task.health, pid, str(self._state.fields["freezer"]), tell, streams)
        streams.alarm = health.act
        return health

    def _launch(self, log: Log) -> tuple[int, Streams]:
        start = Start(self._task, self._reporter, again=self._restarts.count > 0, plug=self._plug)
        pid, streams = start.run(log)
        freezer = freezer_of(self._task.walls.groups)
        self._state.running(pid, freezer, self._restarts.count, "starting" if self._task.health else "")
        steps = "".join(f"{flat_object(step)}\n" for step in start.steps)
        state.replace_file(os.path.join(self._task.places.directory, "steps.jsonl"), steps.encode())
        self._event("start")
        self._tell_volumes("mount")
        self._unlock()
        self._reporter.send({"kind": "running", "pid": pid})
        return pid, streams

    def _unlock(self) -> None:
        """It is known what became of the start; a front that still waits for it holds the lock itself."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    # the end

    def _unpublish(self) -> None:
        if self._plug:
            netfilter.send(self._plug.release)

    def _remove_groups(self) -> None:
        cgroups.remove(group.path for group in self._task.walls.groups)

    def _finish(self, server: unix.Socket, streams: Streams | None, code: int) -> None:
        """It stays ended. :param streams: of the life that ended now, or None when that was told before."""
        server.close()
        self._remove_socket()
        killed = self._out_of_memory() if streams else bool(self._state.fields["out_of_memory"])
        self._remove_groups()
        self._unpublish()
        # Asked before the end is told: whoever waits for that, to start it again, forgets the wish.
        again = self._restarts.ended_by() == restarts.AGAIN
        self._state.exited(code, durable=not self._task.on_exit, out_of_memory=killed)
        # Whoever waits for the end of a `--rm` removes it; when nobody does, that is left to us.
        owner_waits = self._owner is not None and not self._owner.gone
        if streams:
            self._tell_end(streams, code)
        if self._task.on_exit and not owner_waits and not again:
            os.execv(self._task.on_exit[0], self._task.on_exit)

    def _tell_end(self, streams: Streams, code: int) -> None:
        """To the journal, and to every front that is attached."""
        if self._state.fields["out_of_memory"]:
            self._event("oom")
        self._event("die", exitCode=str(code))
        self._tell_volumes("unmount")
        streams.finish(code)
        streams.close()

    def _out_of_memory(self) -> bool:
        """Whether the kernel killed a process in the life that ended, for want of memory."""
        before, self._kills = self._kills, cgroups.out_of_memory_kills(self._task.walls.groups)
        return self._kills > before

    def _remove_socket(self) -> None:
        socket_path = self._task.places.socket
        for remove, path in ((os.unlink, socket_path), (os.rmdir, os.path.dirname(socket_path))):
            try:
                remove(path)
            except OSError:
                continue

    def _event(self, action: str, **attributes: str) -> None:
        described = {"name": self._name(), "image": self._task.image, **attributes}
        state.append_event(self._task.places.journal, action, self._task.id, described)

    def _tell_volumes(self, action: str) -> None:
        """By Docker's names and attributes."""
        for bind in self._task.binds:
            if bind.volume:
                described = {"container": self._task.id, "driver": "local", "destination": bind.target}
                described["read/write"] = "false" if bind.read_only else "true"
                state.append_event(self._task.places.journal, action, bind.volume, described, "volume")

    def _name(self) -> str:
        """What it is called by now; `rename` leaves the new name in a file."""
        try:
            with open(os.path.join(self._task.places.directory, "name")) as file:
                return file.read()
        except FileNotFoundError:
            return self._task.name
