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
from .fork import fork_by_another, keep_only, may_come_back
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

_WALLS = (
    sys.CLONE_NEWPID
    | sys.CLONE_NEWNS
    | sys.CLONE_NEWUTS
    | sys.CLONE_NEWIPC
    | sys.CLONE_NEWNET
    | sys.CLONE_NEWCGROUP
)
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
    report_read, report_write = os.pipe2(os.O_CLOEXEC)
    ours, theirs = unix.pair() if program.tty else (None, None)
    channel = theirs.fileno() if theirs else -1
    kept = [init, report_write, *([channel] if theirs else [])]
    pid = _fork_inside(init, groups, program, streams, kept)
    if pid == 0:
        reporter = Reporter(report_write, needed=True)
        tell_failure(reporter, lambda: _become(program, reporter, channel, size), _HINTS)
    os.close(report_write)
    if theirs:
        theirs.close()
    return Joined(pid, report_read, ours)


def _pid_of(pidfd: int) -> int:
    """What a pidfd names, -1 when it has ended. proc_pid_fdinfo(5)"""
    with open(f"/proc/self/fdinfo/{pidfd}") as file:
        return next((int(line[4:]) for line in file if line.startswith("Pid:")), -1)


def _fork_inside(
    init: int, groups: list[Group], program: Program, streams: Sequence[int], kept: list[int]
) -> int:
    """Fork into the container: its control groups, its namespaces, and nothing of the caller's open.

    A process between enters all of it but the list of processes. So programs inside that may trace never see
    one whose root, working directory or descriptors are the host's (CVE-2016-9962).
    """
    first = _pid_of(init)
    in_unified = False

    def fork() -> int:
        nonlocal in_unified
        pid, in_unified = cgroups.fork(groups)
        return pid

    def enter(end: int) -> None:
        for target, fd in enumerate([os.dup(fd) for fd in streams]):
            os.dup2(fd, target)
        keep_only([end, *kept])
        cgroups.join(groups, in_unified, first)
        limits.set_oom_score(program.oom_score)
        sys.setns(init, _WALLS)
        os.close(init)

    may_come_back()  # a monitor's children begin in its container's pid namespace, where they would be seen
    try:
        return fork_by_another(fork, enter)
    except OSError as error:
        raise Failure(
            Stage.NAMESPACES, f"the container cannot be joined: {error.strerror}", errno=error.errno or 0,
            hint="it has just ended: lamina ps -a shows how",
        ) from error  # fmt: skip


def _become(program: Program, reporter: Reporter, channel: int, size: tuple[int, int] | None) -> None:
    os.setsid()
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
