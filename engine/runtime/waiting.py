"""A monitor that waits for its task: an interpreter takes longer to come up than a container to start.

So it can be asked for first, and told what to run when that is known. Imports next to nothing.
"""

from __future__ import annotations

import fcntl
import os
import sys
from contextlib import ExitStack

from engine.launch import syscalls, unix

TYPE_CHECKING = False  # `typing` itself would be felt
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from engine.launch.task import Network, Task
    from engine.launch.unix import Socket

_SCRIPT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "launch", "start.py")
# After the standard streams and the three ends that a monitor is given: its interpreter. To close the last
# descriptor of a detached mount takes up to three milliseconds, which are the monitor's while it waits.
_INTERPRETER = 6
_FIRST_FREE = _INTERPRETER + 1
_SIGPIPE = 13


class Waiting:
    """A monitor without a task; it ends by itself where it gets none.

    :param container_id: whose it is to be.
    :param attach: make a socket of frames (`engine.launch.frames`), attached since before the program begins.
    """

    def __init__(self, container_id: str, attach: bool) -> None:
        self.container_id = container_id
        self._task, its_task = unix.pair()
        self.report, its_report = unix.pair()
        self.attachment: Socket | None = None
        self._plug: Socket | None = None
        its_end: Socket | None = None
        if attach:
            self.attachment, its_end = unix.pair()
        ends = [its_task, its_report, its_end]
        try:
            self._child = _spawn(container_id, [end.fileno() if end else -1 for end in ends])
        finally:
            for end in ends:
                if end:
                    end.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def give(self, task: Task, lock: int) -> None:
        """Tell it what to run. An end of it shows in its report.

        :param lock: the descriptor of the lock that the task says comes with it.
        """
        descriptors = [lock] if task.locked else []
        plug = None
        if task.network == "joined":
            self._plug, plug = unix.pair()
            descriptors.insert(0, plug.fileno())
        _send(self._task, task.dump(), descriptors)
        if plug:
            plug.close()

    def connect(self, network: Network, descriptors: Sequence[int] = ()) -> None:
        """Give it the container's network. :param descriptors: to be kept open, the namespace first."""
        if self._plug:
            _send(self._plug, network.dump(), descriptors)

    def close(self) -> None:
        """Let go of it: it goes on if it has its task."""
        self._task.close()
        self.report.close()
        if self._plug:
            self._plug.close()
        if self.attachment:
            self.attachment.close()
        if self._child:
            # Leaves at once; the monitor is its child and nobody's, so no front has to wait for one.
            os.waitpid(self._child, 0)
            self._child = 0


def _send(channel: Socket, document: bytes, descriptors: Sequence[int]) -> None:
    try:
        unix.send_document(channel, document, descriptors)
    except ConnectionError:
        return


def _spawn(name: str, ends: list[int]) -> int:
    """Run the script with `ends` (-1: none) as its descriptors 3, 4 and 5; gives the pid."""
    targets = [-1 if end < 0 else number for number, end in enumerate(ends, 3)]
    actions: list[tuple[int, int, int] | tuple[int, int, str, int, int]] = [
        (os.POSIX_SPAWN_OPEN, number, "/dev/null", os.O_RDWR, 0) for number in range(3)
    ]
    with ExitStack() as kept:
        for end, target in zip(ends, targets, strict=True):
            if end >= 0:
                # Sources above all targets, or one dup2 would overwrite what the next one needs.
                source = fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, _FIRST_FREE)
                kept.callback(os.close, source)
                actions.append((os.POSIX_SPAWN_DUP2, source, target))
        interpreter = _interpreter(kept)
        actions.append((os.POSIX_SPAWN_DUP2, interpreter, _INTERPRETER))
        return os.posix_spawn(
            f"/proc/self/fd/{_INTERPRETER}",
            [sys.executable, "-I", "-S", "-X", "utf8", _SCRIPT, name, *map(str, targets)],
            {},  # nothing of the front's environment
            file_actions=actions,
            setsigmask=[],
            setsigdef=[_SIGPIPE, syscalls.SIGINT, syscalls.SIGQUIT, syscalls.SIGHUP],
        )


def _interpreter(kept: ExitStack) -> int:
    """A descriptor of this interpreter through which nobody can write to it.

    Init is this binary until it executes the program, and a script whose interpreter is `/proc/self/exe`
    leads to it from inside. Through a detached read-only mount it cannot be opened for writing.
    """
    try:
        tree = syscalls.open_tree(syscalls.AT_FDCWD, sys.executable, syscalls.OPEN_TREE_CLONE)
        kept.callback(os.close, tree)
        syscalls.mount_setattr(tree, "", syscalls.MOUNT_ATTR_RDONLY)
    except OSError:
        return _sealed_copy(kept)
    return tree


def _sealed_copy(kept: ExitStack) -> int:
    """The same for kernels without mount_setattr (before 5.12): a copy in memory that is sealed."""
    copy = os.memfd_create("lamina", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    kept.callback(os.close, copy)
    with open(sys.executable, "rb") as source:
        while os.sendfile(copy, source.fileno(), None, 1 << 24):
            pass
    seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    fcntl.fcntl(copy, fcntl.F_ADD_SEALS, seals)
    return copy
