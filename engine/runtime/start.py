"""Starting: a fresh interpreter becomes the monitor, and tells each step until the program runs."""

from __future__ import annotations

# The module over it makes enumerations, which every start would feel.
import _signal as signal  # type: ignore[import-not-found]  # not in typeshed
import os
import select
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.errors import LaminaError, LaunchError
from engine.launch.messages import take_messages
from engine.launch.task import Network, Task
from engine.launch.unix import Socket
from engine.runtime.models import StepRow
from engine.runtime.waiting import Waiting

if TYPE_CHECKING:
    import socket

_GRACE = 1.0  # seconds that an interrupt waits for a word of the monitor
_PATIENCE = 60.0  # seconds until the program must have been executed

# A step, and the facts about init (or the monitor) that it changed: before, and after.
OnStep = Callable[[StepRow, Mapping[str, tuple[str, str]]], None]
# Gives a container's own network, and what its monitor is to keep open for it, the namespace first.
MakeNetwork = Callable[[], tuple[Network, Sequence[int]]]


class Launched(NamedTuple):
    """A program that runs.

    :param pid: as the host sees it.
    :param attachment: a socket of frames (`engine.launch.frames`), attached since before the program began.
    """

    pid: int
    steps: tuple[StepRow, ...]
    attachment: socket.socket | None


def launch(
    task: Task,
    attach: bool = False,
    lock: int = -1,
    network: MakeNetwork | None = None,
    on_step: OnStep | None = None,
    waiting: Waiting | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> Launched:
    """Start a container's monitor and wait until its program has been executed.

    :param on_step: called after each step, with what changed by it; the next is done when it returns.
    :param network: called while the monitor mounts; what it raises ends the start.
    :param lock: what the caller holds (`engine.store.locks`), for the monitor to hold until the start is over
        even where the caller is killed; -1 for nothing.
    :param waiting: a monitor asked for before; `attach` is as it was said there. It is closed at the end.
    :param meanwhile: called while the monitor works.
    :raises LaunchError: a step failed; nothing of the container is left running.
    """
    task.pausing = on_step is not None
    task.locked = lock >= 0
    assert (task.network == "joined") == (network is not None), task.network
    with waiting or Waiting(task.id, attach) as monitor:
        monitor.give(task, lock)
        made = _made(monitor, network) if network else None
        with nullcontext() if on_step else _uninterrupted():
            if made:
                monitor.connect(*made)
            if meanwhile:
                meanwhile()
            pid, steps = _handshake(monitor.report, on_step)
        return Launched(pid, tuple(steps), _opened(monitor.attachment))


def _made(monitor: Waiting, network: MakeNetwork) -> tuple[Network, Sequence[int]]:
    try:
        return network()
    except BaseException as error:
        monitor.connect(Network(problem=_words(error)))
        with suppress(LaunchError):  # waits until nothing of it is left
            _handshake(monitor.report, lambda *_: None)
        raise


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let an interrupt wait until it is known what became of the start: what runs keeps what is its own."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _words(error: BaseException) -> str:
    """What the container's state is to say of it."""
    if isinstance(error, LaminaError):
        return error.message
    if isinstance(error, OSError):
        return f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"
    return "interrupted" if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {error}"


def _opened(local: Socket | None) -> socket.socket | None:
    if local is None:
        return None
    import socket  # more than a millisecond, which the monitor need not wait for

    return socket.socket(fileno=os.dup(local.fileno()))


def _handshake(report: Socket, on_step: OnStep | None) -> tuple[int, list[StepRow]]:
    steps = []
    for message in _messages(report):
        kind = message.pop("kind")
        if kind == "step":
            changed = message.pop("changed", {})
            steps.append(StepRow(**message))
            if on_step:
                on_step(steps[-1], {name: (before, after) for name, (before, after) in changed.items()})
                with suppress(ConnectionError):  # the monitor is gone, and nothing more will come
                    report.send(b"+")
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


def _messages(report: Socket) -> Iterator[dict[str, Any]]:
    deadline = time.monotonic() + _PATIENCE
    buffer = bytearray()
    while True:
        left = max(0.0, deadline - time.monotonic())
        if not select.select([report], [], [], min(left, _GRACE))[0]:
            if signal.SIGINT in signal.sigpending():
                raise KeyboardInterrupt  # it hangs, which is to be stopped
            if left > _GRACE:
                continue
            raise LaunchError(f"cannot start: no word from the monitor for {_PATIENCE:.0f} s")
        try:
            data = report.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            return
        buffer += data
        yield from take_messages(buffer)
        deadline = time.monotonic() + _PATIENCE
