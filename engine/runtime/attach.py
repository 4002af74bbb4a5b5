"""Standing in a container's streams, from a terminal or a pipe: the blocking pump of the command line."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import termios
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from engine.errors import Unavailable
from engine.launch import frames

_CHUNK = 64 << 10
_PROXIED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def connect(socket_path: Path) -> socket.socket:
    """A connection to a running container's monitor.

    :raises Unavailable: nobody listens there.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # A Unix address takes 107 bytes; the directory's descriptor makes any path short.
    try:
        directory = os.open(socket_path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            connection.connect(f"/proc/self/fd/{directory}/{socket_path.name}")
        finally:
            os.close(directory)
    except OSError as error:
        connection.close()
        raise Unavailable(
            f"the container's monitor does not answer: {error.strerror}",
            hint="lamina ps shows whether it runs",
        ) from error
    return connection


def run_attached(
    connection: socket.socket,
    *,
    stdin: int | None,
    stdout: int,
    stderr: int,
    terminal: bool,
    on_signal: Callable[[int], None] | None = None,
) -> int:
    """Pass input and output until the container ends; gives its exit code.

    :param stdin: descriptor to read from, or None to send nothing.
    :param terminal: the container has a terminal; if `stdin` is one too, it goes to raw mode meanwhile.
    :param on_signal: told of SIGINT, SIGTERM, SIGHUP and SIGQUIT; without it they act as ever.
    :raises Unavailable: the monitor went away without saying how the container ended.
    """
    with connection, contextlib.ExitStack() as restore:
        wake, woken = socket.socketpair()
        restore.enter_context(wake)
        restore.enter_context(woken)
        raw = terminal and stdin is not None and os.isatty(stdin)
        if raw and stdin is not None:
            restore.enter_context(_raw_mode(stdin))
            restore.enter_context(_handler(signal.SIGWINCH, lambda _: wake.send(b"w")))
            _send_size(connection, stdin)
        if on_signal is not None:
            for number in _PROXIED:
                restore.enter_context(_handler(number, on_signal))
        pump = _Pump(connection, stdin, stdout, stderr, woken)
        return pump.run()


class _Pump:
    def __init__(
        self, connection: socket.socket, stdin: int | None, stdout: int, stderr: int, woken: socket.socket
    ) -> None:
        self._connection = connection
        self._stdin = stdin
        self._sinks = {frames.STDOUT: stdout, frames.STDERR: stderr}
        self._woken = woken
        self._splitter = frames.Splitter()
        self._poll = select.poll()

    def run(self) -> int:
        self._poll.register(self._connection, select.POLLIN)
        self._poll.register(self._woken, select.POLLIN)
        if self._stdin is not None:
            self._poll.register(self._stdin, select.POLLIN)
        while True:
            for fd, _ in self._poll.poll():
                if fd == self._connection.fileno():
                    code = self._take_output()
                    if code is not None:
                        return code
                elif fd == self._stdin:
                    self._pass_input()
                elif self._stdin is not None:
                    self._woken.recv(64)
                    _send_size(self._connection, self._stdin)

    def _take_output(self) -> int | None:
        try:
            data = self._connection.recv(_CHUNK)
        except ConnectionError:
            data = b""
        if not data:
            raise Unavailable(
                "the container's monitor went away; how the program ended is not known",
                hint="lamina ps -a shows the container; look for an out-of-memory kill in dmesg",
            )
        for kind, payload in self._splitter.feed(data):
            if kind == frames.EXIT:
                return frames.unpack_exit(payload)
            sink = self._sinks.get(kind)
            if sink is not None:
                _write_all(sink, payload)
        return None

    def _pass_input(self) -> None:
        assert self._stdin is not None
        try:
            data = os.read(self._stdin, _CHUNK)
        except OSError:
            data = b""
        with contextlib.suppress(ConnectionError):  # its last frames are still to be read
            if data:
                self._connection.sendall(frames.frame(frames.STDIN, data))
            else:
                self._connection.sendall(frames.frame(frames.STDIN_END))
        if not data:
            self._poll.unregister(self._stdin)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:
            select.select([], [fd], [])


def _send_size(connection: socket.socket, terminal: int) -> None:
    try:
        size = os.get_terminal_size(terminal)
    except OSError:
        return
    with contextlib.suppress(ConnectionError):
        connection.sendall(frames.size_frame(size.lines, size.columns))


@contextlib.contextmanager
def _raw_mode(terminal: int) -> Iterator[None]:
    before = termios.tcgetattr(terminal)
    tty.setraw(terminal, termios.TCSANOW)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _handler(number: int, act: Callable[[int], object]) -> Iterator[None]:
    def handle(received: int, _frame: FrameType | None) -> None:
        act(received)

    before = signal.signal(number, handle)
    try:
        yield
    finally:
        signal.signal(number, before)
