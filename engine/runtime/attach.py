"""Standing in a container's streams, from a terminal or a pipe: signals, raw mode, and keys to leave by."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import termios
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from engine.errors import Unavailable
from engine.launch import frames, unix
from engine.runtime.keys import KeyWatch
from engine.runtime.pump import Pump

_PROXIED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_PATIENCE = 3  # times Ctrl-C, for a program that does not listen to it


def connect(socket_path: Path) -> socket.socket:
    """A connection to a running container's monitor, which waits for its first frame.

    :raises Unavailable: nobody listens there.
    """
    try:
        return socket.socket(fileno=unix.connect(str(socket_path)).detach())
    except OSError as error:
        raise Unavailable(
            f"the container's monitor does not answer: {error.strerror}",
            hint="lamina ps shows whether it runs",
        ) from error


def attach(socket_path: Path) -> socket.socket:
    """A socket with the streams of a running container, from now on.

    :raises Unavailable: it does not answer.
    """
    connection = connect(socket_path)
    try:
        connection.sendall(frames.frame(frames.ATTACH))
    except OSError as error:
        connection.close()
        raise Unavailable("the container has just ended", hint="lamina ps -a shows how") from error
    return connection


def run_attached(
    connection: socket.socket,
    *,
    stdin: int | None,
    stdout: int,
    stderr: int,
    terminal: bool,
    on_signal: Callable[[int], None] | None = None,
    detach_keys: bytes = b"",
    hand_back: bool = False,
) -> int | None:
    """Pass input and output until the program ends; gives its exit code, None when it was left running.

    :param stdin: descriptor to read from, or None to send nothing.
    :param terminal: the program has a terminal; if `stdin` is one too, it goes to raw mode meanwhile.
    :param on_signal: told of SIGINT, SIGTERM, SIGHUP and SIGQUIT; without it they act as ever. The third
        SIGINT is for us.
    :param detach_keys: typed to leave, where there is a terminal at both ends.
    :param hand_back: what `pump.Pump` makes of it.
    :raises Unavailable: the monitor went away without saying how the program ended.
    """
    with connection, contextlib.ExitStack() as restore:
        woken, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        restore.callback(os.close, woken)
        restore.callback(os.close, wake)
        raw = terminal and stdin is not None and os.isatty(stdin)
        pump = Pump(
            connection, stdin, stdout, stderr,
            keys=KeyWatch(detach_keys) if raw else None,
            wake=woken,
            on_signal=patient(on_signal) if on_signal else None,
            hand_back=hand_back,
        )  # fmt: skip
        if raw:
            assert stdin is not None
            restore.enter_context(raw_mode(stdin))
            restore.enter_context(_woken_by(signal.SIGWINCH, wake))
            pump.tell_size()
        if on_signal is not None:
            for number in _PROXIED:
                restore.enter_context(_woken_by(number, wake))
        return pump.run()


def patient(on_signal: Callable[[int], None]) -> Callable[[int], None]:
    """Hands signals on; the third Ctrl-C is for us, as with Docker: it raises KeyboardInterrupt."""
    interrupts = 0

    def hand_on(number: int) -> None:
        nonlocal interrupts
        interrupts += number == signal.SIGINT
        if interrupts >= _PATIENCE:
            raise KeyboardInterrupt
        on_signal(number)

    return hand_on


def terminal_size(terminal: int) -> tuple[int, int] | None:
    """Rows and columns; None where that is no terminal, or one that does not know."""
    try:
        size = os.get_terminal_size(terminal)
    except OSError:
        return None
    return (size.lines, size.columns) if size.lines and size.columns else None


@contextlib.contextmanager
def raw_mode(terminal: int) -> Iterator[None]:
    """Have each key come as it is typed, and none act here, until the end."""
    before = termios.tcgetattr(terminal)
    tty.setraw(terminal, termios.TCSANOW)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _woken_by(number: int, wake: int) -> Iterator[None]:
    def handle(received: int, _frame: FrameType | None) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(wake, bytes([received]))

    before = signal.signal(number, handle)
    try:
        yield
    finally:
        signal.signal(number, before)
