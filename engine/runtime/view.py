"""A container's files, as a descriptor of its root: of one that runs, and of one that does not."""

from __future__ import annotations

import marshal
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine.errors import Conflict, Unavailable
from engine.launch.task import Task
from engine.runtime.state import Process

_LAUNCH_HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# At the end of the path, so that nothing beside it can stand in for the standard library.
_START = "import sys; sys.path.append(sys.argv[1]); from launch.view import main; main(int(sys.argv[2]))"
_LONGEST_ANSWER = 4096


@contextmanager
def running_root(init: Process) -> Iterator[int]:
    """The root of a running container as its program sees it, with all that is mounted there.

    :raises Conflict: it has just ended.
    """
    try:
        root = os.open(f"/proc/{init.pid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _ended() from error
    try:
        # Asked while the descriptor holds the root: if it is still the same process, it was its own.
        if not init.alive:
            raise _ended()
        yield root
    finally:
        os.close(root)


@contextmanager
def stack_alone(init: Process) -> Iterator[int]:
    """The root of a running container without what is mounted over it.

    :raises Conflict: it has just ended. :raises Unavailable: the kernel refuses.
    """
    with _view({"kind": "alone", "pid": init.pid, "start": init.start}) as root:
        yield root


@contextmanager
def mounted_stack(task: Task, binds: bool = True) -> Iterator[int]:
    """The root of a container that does not run; the caller sees to it that it is not started meanwhile.

    :param binds: with what is bound there, as far as the host still has it.
    :raises Unavailable: the kernel refuses.
    """
    if not binds:
        task.binds = []
    with _view({"kind": "stack", "task": task.dump()}) as root:
        yield root


@contextmanager
def _view(asked: dict[str, Any]) -> Iterator[int]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        words = [sys.executable, "-I", "-S", "-X", "utf8", "-c", _START, _LAUNCH_HOME, str(theirs.fileno())]
        with subprocess.Popen(words, env={}, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]) as helper:
            theirs.close()
            try:
                document = marshal.dumps(asked)
                ours.sendall(len(document).to_bytes(8, "little") + document)
                root = _root(ours)
                try:
                    yield root
                finally:
                    os.close(root)
            finally:
                ours.close()
                helper.wait()


def _root(channel: socket.socket) -> int:
    data, descriptors, _, _ = socket.recv_fds(channel, _LONGEST_ANSWER, 1, socket.MSG_CMSG_CLOEXEC)
    if descriptors:
        return descriptors[0]
    said = data.decode("utf-8", "replace") or "its helper ended without a word"
    raise Unavailable(
        f"the container's files cannot be opened: {said}",
        hint="lamina info says what this machine's kernel offers",
    )


def _ended() -> Conflict:
    return Conflict("the container has just ended", hint="try again")
