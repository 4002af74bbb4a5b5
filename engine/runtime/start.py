"""Starting: a fresh interpreter becomes the monitor, and tells each step until the program runs."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from io import FileIO
from typing import Any

from engine.errors import LaunchError
from engine.launch import syscalls
from engine.launch.messages import take_messages
from engine.launch.task import Task
from engine.runtime.models import StepRow

_SCRIPT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "launch", "start.py")
_PATIENCE = 60.0  # seconds until the program must have been executed
FIRST_KEPT = 6  # the number that the first descriptor kept open has in a monitor

# A step, and the facts about init (or the monitor) that it changed: before, and after.
OnStep = Callable[[StepRow, Mapping[str, tuple[str, str]]], None]
_End = FileIO | socket.socket


@dataclass(frozen=True, slots=True)
class Launched:
    """A program that runs.

    :param pid: as the host sees it.
    :param attachment: a socket of frames (`engine.launch.frames`), attached since before the program began.
    """

    pid: int
    steps: tuple[StepRow, ...]
    attachment: socket.socket | None


def launch(
    task: Task, attach: bool = False, kept: Sequence[int] = (), on_step: OnStep | None = None
) -> Launched:
    """Start a container's monitor and wait until its program has been executed.

    :param on_step: called after each step, with what changed by it; the next is done when it returns.
    :param kept: descriptors that the monitor keeps open; it finds them by `Task.descriptors`.
    :raises LaunchError: a step failed; nothing of the container is left running.
    """
    with ExitStack() as ours:
        task_read, task_write = _pipe(ours)
        report_read, report_write = _duplex(ours) if on_step else _pipe(ours)
        task.pausing = on_step is not None
        local, remote = _socket_pair(ours) if attach else (None, None)
        task.descriptors = [*range(FIRST_KEPT, FIRST_KEPT + len(kept))]
        _spawn(task.id, [task_read, report_write, remote], kept)
        for end in (task_read, report_write, remote):
            if end:
                end.close()
        _send(task_write, task.dump())
        pid, steps = _handshake(report_read, on_step)
        return Launched(pid, tuple(steps), local.dup() if local else None)


def _spawn(name: str, ends: list[_End | None], kept_open: Sequence[int]) -> None:
    """Run the script with `ends` as its descriptors 3, 4 and 5 (None: told as -1), `kept_open` from 6 on."""
    targets = [-1 if end is None else number for number, end in enumerate(ends, 3)]
    actions: list[tuple[int, int, int] | tuple[int, int, str, int, int]] = [
        (os.POSIX_SPAWN_OPEN, number, "/dev/null", os.O_RDWR, 0) for number in range(3)
    ]
    wanted = [(end.fileno(), target) for end, target in zip(ends, targets, strict=True) if end]
    wanted += [(fd, target) for target, fd in enumerate(kept_open, FIRST_KEPT)]
    first_free = FIRST_KEPT + len(kept_open)
    with ExitStack() as kept:
        for fd, target in wanted:
            # Sources above all targets, or one dup2 would overwrite what the next one needs.
            source = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, first_free)
            kept.callback(os.close, source)
            actions.append((os.POSIX_SPAWN_DUP2, source, target))
        child = os.posix_spawn(
            _interpreter(kept),
            [sys.executable, "-I", "-S", "-X", "utf8", _SCRIPT, name, *map(str, targets)],
            {},  # nothing of the front's environment
            file_actions=actions,
            setsigmask=[],
            setsigdef=[signal.SIGPIPE, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP],
        )
    # Leaves at once; the monitor is its child and nobody's, so no front has to wait for one.
    os.waitpid(child, 0)


def _interpreter(kept: ExitStack) -> str:
    """A path to this interpreter through which nobody can write to it.

    Init is this binary until it executes the program, and a script whose interpreter is `/proc/self/exe`
    leads to it from inside. Through a detached read-only mount it cannot be opened for writing.
    """
    try:
        tree = syscalls.open_tree(syscalls.AT_FDCWD, sys.executable, syscalls.OPEN_TREE_CLONE)
        kept.callback(os.close, tree)
        syscalls.mount_setattr(tree, "", syscalls.MOUNT_ATTR_RDONLY)
    except OSError:
        return _sealed_copy(kept)
    return f"/proc/self/fd/{tree}"


def _sealed_copy(kept: ExitStack) -> str:
    """The same for kernels without mount_setattr (before 5.12): a copy in memory that is sealed."""
    copy = os.memfd_create("lamina", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    kept.callback(os.close, copy)
    with open(sys.executable, "rb") as source:
        while os.sendfile(copy, source.fileno(), None, 1 << 24):
            pass
    seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    fcntl.fcntl(copy, fcntl.F_ADD_SEALS, seals)
    return f"/proc/self/fd/{copy}"


def _handshake(report: FileIO, on_step: OnStep | None) -> tuple[int, list[StepRow]]:
    steps = []
    for message in _messages(report):
        kind = message.pop("kind")
        if kind == "step":
            changed = message.pop("changed", {})
            steps.append(StepRow(**message))
            if on_step:
                on_step(steps[-1], {name: (before, after) for name, (before, after) in changed.items()})
                with suppress(ConnectionError):  # the monitor is gone, and nothing more will come
                    report.write(b"+")
        elif kind == "running":
            return message["pid"], steps
        elif kind == "failed":
            raise LaunchError(
                f"cannot start: {message['stage']}: {message['message']}",
                hint=message["hint"],
                stage=message["stage"],
                errno=message["errno"],
                exit_code=message["exit_code"],
            )
    raise LaunchError(
        "cannot start: the monitor ended without a word", hint="look for an out-of-memory kill in dmesg"
    )


def _messages(report: FileIO) -> Iterator[dict[str, Any]]:
    deadline = time.monotonic() + _PATIENCE
    buffer = bytearray()
    while True:
        left = max(0.0, deadline - time.monotonic())
        if not select.select([report], [], [], left)[0]:
            raise LaunchError(f"cannot start: no word from the monitor for {_PATIENCE:.0f} s")
        data = report.read(65536)
        if not data:
            return
        buffer += data
        yield from take_messages(buffer)
        deadline = time.monotonic() + _PATIENCE


def _send(pipe: FileIO, document: bytes) -> None:
    try:
        while document:
            document = document[pipe.write(document) :]
        pipe.close()
    except BrokenPipeError:
        return  # the handshake says why


def _pipe(ours: ExitStack) -> tuple[FileIO, FileIO]:
    read, write = os.pipe2(os.O_CLOEXEC)
    return ours.enter_context(FileIO(read, "rb")), ours.enter_context(FileIO(write, "wb"))


def _duplex(ours: ExitStack) -> tuple[FileIO, FileIO]:
    local, remote = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    return (
        ours.enter_context(FileIO(local.detach(), "r+b")),
        ours.enter_context(FileIO(remote.detach(), "r+b")),
    )


def _socket_pair(ours: ExitStack) -> tuple[socket.socket, socket.socket]:
    local, remote = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    return ours.enter_context(local), ours.enter_context(remote)
