"""Programs run beside a container's first one: each by a process of its own, forked off the monitor.

That process, the supervisor, holds the program's streams, serves the front that asked, and writes down how
the program ended. It is forked because nothing starts faster, and apart because then neither it nor its front
can hold the monitor up. Killed, it takes its program with it; its front may leave, and the program goes on.
"""

from __future__ import annotations

import marshal
import os

from . import frames, state
from . import syscalls as sys
from .clients import Client
from .fork import fork_aside, keep_only
from .freezer import freezer_of, is_held
from .joining import Joined, join
from .messages import Failure, Stage
from .privileges import CAPABILITIES
from .request import Request
from .starting import program_streams, stream_ends
from .streams import Streams
from .task import Program, Task

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from collections.abc import Callable

_TERM = "TERM=xterm"  # what Docker tells programs of their terminal
_LONGEST = 256  # characters of a command in an event


class Execs:
    """Takes requests of fronts for one life of a container.

    :param init: a pidfd of the container's first process.
    :param name: what the container is called by now.
    """

    def __init__(self, task: Task, init: int, name: Callable[[], str]) -> None:
        self._task = task
        self._init = init
        self._name = name

    def begin(self, client: Client, document: bytes) -> None:
        """Hand a front over to a supervisor of its own; who cannot have one is told so."""
        try:
            if fork_aside():
                return
        except OSError as error:
            failure = Failure(Stage.PROCESS, error.strerror or str(error), errno=error.errno or 0)
            client.send(_failed(failure))
            return
        try:
            self._supervise(client, document)
        finally:
            os._exit(0)

    def _supervise(self, client: Client, document: bytes) -> None:
        keep_only([client.fileno(), self._init])
        sys.set_process_name("lamina-exec")
        try:
            request = Request.load(document)
            supervisor = Supervisor(self._task, request, self._name())
            supervisor.run(client, self._init)
        except Failure as failure:
            client.finish(_failed(failure))
        except (ValueError, EOFError, TypeError, KeyError, OSError) as error:
            client.finish(_failed(Failure(Stage.PROCESS, str(error))))


def _failed(failure: Failure) -> bytes:
    return frames.frame(frames.FAILED, marshal.dumps(failure.fields))


class Supervisor:
    """Runs one program beside the first."""

    def __init__(self, task: Task, request: Request, name: str) -> None:
        self._task = task
        self._request = request
        self._name = name
        self._status = 0

    def run(self, client: Client, init: int) -> None:
        """From the request to the program's end.

        :raises Failure: the program could not be executed.
        """
        groups = self._task.walls.groups
        if is_held(freezer_of(groups)):
            raise Failure(
                Stage.PROCESS, "the container is paused", hint=f"let it go on: lamina unpause {self._name}"
            )
        self._event("exec_create")
        asked = self._request
        ours, theirs = stream_ends(asked.stdin, asked.tty or not asked.attached)
        try:
            joined = join(init, groups, self._program(), theirs, self._request.size)
            os.close(init)
            for fd in set(theirs):
                os.close(fd)
            terminal = joined.settle()
        except Failure as failure:
            self._event("exec_die", exitCode=str(failure.fields["exit_code"]))
            raise
        self._event("exec_start")
        client.send(frames.frame(frames.BEGUN))
        streams = program_streams(ours, terminal, True, None)
        if self._request.attached:
            streams.add(client)
        else:
            client.close()
        self._serve(joined, streams)

    def _serve(self, joined: Joined, streams: Streams) -> None:
        pidfd = os.pidfd_open(joined.pid)
        ended = False

        def pass_on(number: int) -> None:
            if not ended:
                sys.send_signal(pidfd, number)

        def reap() -> None:
            # At once, whatever its front has still to read: the container cannot end before.
            nonlocal ended
            ended = True
            self._status = os.waitpid(joined.pid, 0)[1]

        streams.on_signal = pass_on
        streams.run(None, pidfd, reap, alone=False)
        code = os.waitstatus_to_exitcode(self._status)
        code = 128 - code if code < 0 else code
        self._event("exec_die", exitCode=str(code))
        streams.finish(code)

    def _program(self) -> Program:
        """The container's own program with what was asked for in its place."""
        base, asked = self._task.program, self._request
        env = [item for item in base.env if asked.tty or not base.tty or item != _TERM]
        if asked.tty and not any(item.startswith("TERM=") for item in env):
            env.append(_TERM)
        return Program(
            asked.argv,
            [*env, *asked.env],
            asked.workdir or base.workdir,
            asked.user or base.user,
            _held() if asked.privileged else base.capabilities,
            asked.tty,
            base.no_new_privileges,
            base.filter,
            base.filter_flags,
            base.groups,
            base.limits,
            oom_score=base.oom_score,
        )

    def _event(self, action: str, **attributes: str) -> None:
        command = " ".join(self._request.argv)[:_LONGEST]
        described = {"name": self._name, "image": self._task.image, "execID": self._request.id}
        described |= {"command": command, **attributes}
        state.append_event(self._task.places.journal, action, self._task.id, described)


def _held() -> list[str]:
    """Capabilities that this process has and may hand on; as `engine.linux.capabilities`, from in here."""
    with open("/proc/self/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    mask = int(fields["CapPrm"], 16) & int(fields["CapBnd"], 16)
    return [name for bit, name in enumerate(CAPABILITIES) if mask & 1 << bit]
