"""Joining a running container: a process in its namespaces and control groups, with its own sandbox.

    joined = join(pidfd, task.walls.groups, program, (null, out, err))    # returns at once
    ...                                      # poll joined.report; it is readable when `settle` need not wait
    terminal = joined.settle()               # raises Failure: it could not be executed, and is waited for
    _, status = os.waitpid(joined.pid, 0)    # or poll os.pidfd_open(joined.pid) first

Who joins is a child of the caller's, is killed with its caller, and dies with the container's first process.
Nothing of the caller is open in it: all descriptors but its three streams are closed by exec.
"""

from __future__ import annotations

import os

from . import cgroups, limits, unix
from . import syscalls as sys
from .fork import fork_into_namespace, may_come_back
from .identity import resolve
from .messages import Failure, Reporter, Stage, take_messages
from .mounts import open_inside
from .privileges import drop_privileges
from .program import enter_directory, execute, own_streams, reset_process, tell_failure
from .task import Program
from .terminal import open_terminal

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cgroups import Group

_WALLS = sys.CLONE_NEWNS | sys.CLONE_NEWUTS | sys.CLONE_NEWIPC | sys.CLONE_NEWNET | sys.CLONE_NEWCGROUP
_HINTS = {
    Stage.IDENTITY: "name a user that the image has, or a number: -u UID[:GID]",
    Stage.DIRECTORY: "name a directory that the container has: -w DIR",
}

_ASKED_WRONGLY = 126  # what Docker's exec ends with where a user or directory is not there


class Joined:
    """A process on its way to become a program inside.

    :param pid: as the caller sees it, whose child it is.
    :param report: the read end of a pipe; readable as soon as it is known what became of it.
    """

    def __init__(self, pid: int, report: int, channel: unix.Socket | None) -> None:
        self.pid = pid
        self.report = report
        self._channel = channel

    def settle(self) -> int:
        """Wait until the program has been executed; gives the master end of its terminal, -1 without one.

        :raises Failure: it was not; the process has been waited for.
        """
        failure: Failure | None = None
        executed = False
        buffer = bytearray()
        while data := os.read(self.report, 65536):
            buffer += data
            for message in take_messages(buffer):
                if message["kind"] == "failed":
                    fields = {name: value for name, value in message.items() if name != "kind"}
                    if fields["stage"] in _HINTS:
                        fields["exit_code"] = _ASKED_WRONGLY
                    failure = Failure(fields.pop("stage"), fields.pop("message"), **fields)
                executed = True
        os.close(self.report)
        terminal = -1
        if self._channel:
            terminal = unix.receive_descriptor(self._channel)
            self._channel.close()
        if failure is None and executed:
            return terminal
        os.waitpid(self.pid, 0)
        if terminal >= 0:
            os.close(terminal)
        raise failure or Failure(Stage.EXEC, "it was killed before it could be executed", exit_code=137)


def join(
    init: int,
    groups: list[Group],
    program: Program,
    streams: Sequence[int],
    size: tuple[int, int] | None = None,
) -> Joined:
    """Begin a program inside a running container.

    :param init: a pidfd of the container's first process.
    :param groups: the container's control groups.
    :param program: what to execute; its working directory must exist, and is not made.
    :param streams: descriptors for input, output and errors; they stay the caller's to close.
    :param size: rows and columns of its terminal, where `program` has one.
    :raises Failure: the container has ended.
    """
    first = _pid_of(init)
    report_read, report_write = os.pipe2(os.O_CLOEXEC)
    ours, theirs = unix.pair() if program.tty else (None, None)
    pid, in_unified = _fork_inside(init, groups)
    if pid == 0:
        os.close(report_read)  # or a write to it could never find that the caller is gone
        for target, fd in enumerate([os.dup(fd) for fd in streams]):
            os.dup2(fd, target)
        reporter = Reporter(report_write, needed=True)
        channel = theirs.detach() if theirs else -1

        def become() -> None:
            reporter.begin(Stage.CGROUPS)
            cgroups.join(groups, in_unified, first)
            _become(init, program, reporter, channel, size)

        tell_failure(reporter, become, _HINTS)
    os.close(report_write)
    if theirs:
        theirs.close()
    return Joined(pid, report_read, ours)


def _pid_of(pidfd: int) -> int:
    """What a pidfd names, -1 when it has ended. proc_pid_fdinfo(5)"""
    with open(f"/proc/self/fdinfo/{pidfd}") as file:
        return next((int(line[4:]) for line in file if line.startswith("Pid:")), -1)


def _fork_inside(init: int, groups: list[Group]) -> tuple[int, bool]:
    """Fork into the container's pid namespace, which only children of who joins it are in. setns(2)"""
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if not may_come_back():
            return fork_into_namespace(init), False
        sys.setns(init, sys.CLONE_NEWPID)
        pid = -1
        try:
            pid, in_unified = cgroups.fork(groups)
        finally:
            if pid:
                sys.setns(own, sys.CLONE_NEWPID)
    except OSError as error:
        raise Failure(
            Stage.NAMESPACES, f"the container cannot be joined: {error.strerror}", errno=error.errno or 0,
            hint="it has just ended: lamina ps -a shows how",
        ) from error  # fmt: skip
    finally:
        os.close(own)
    return pid, in_unified


def _become(
    init: int, program: Program, reporter: Reporter, channel: int, size: tuple[int, int] | None
) -> None:
    os.setsid()
    limits.set_oom_score(program.oom_score)
    reporter.begin(Stage.NAMESPACES)
    sys.setns(init, _WALLS)
    root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    reporter.begin(Stage.IDENTITY)
    identity = resolve(root, program.user, program.groups)
    reporter.begin(Stage.DIRECTORY)
    # By descriptor and without magic links: /proc/self/fd/N must not lead to the host.
    enter_directory(open_inside(root, program.workdir, os.O_PATH | os.O_DIRECTORY), program.workdir)
    if program.tty:
        reporter.begin(Stage.TERMINAL)
        open_terminal(root, channel, identity.uid, size, console=False)
    else:
        own_streams(identity.uid)
    os.close(root)
    reset_process()
    limits.apply(program.limits)
    drop_privileges(program, identity, reporter)
    reporter.begin(Stage.EXEC)
    # Fails when the caller is gone already, before the signal of its death was asked for.
    reporter.flush()
    execute(program, identity, reporter)
