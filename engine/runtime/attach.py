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
        pump = _Pump(connection, stdin, stdout, stderr, woken)
        if terminal and stdin is not None and os.isatty(stdin):
            restore.enter_context(_raw_mode(stdin))
            restore.enter_context(_handler(signal.SIGWINCH, lambda _: wake.send(b"w")))
            pump.tell_size(stdin)
        if on_signal is not None:
            for number in _PROXIED:
                restore.enter_context(_handler(number, on_signal))
        return pump.run()


class _Pump:
    """Never waits for the monitor to take input: it may be waiting for us to take output."""

    def __init__(
        self, connection: socket.socket, stdin: int | None, stdout: int, stderr: int, woken: socket.socket
    ) -> None:
        connection.setblocking(False)
        self._connection = connection
        self._stdin = -1 if stdin is None else stdin
        self._sinks = {frames.STDOUT: stdout, frames.STDERR: stderr}
        self._woken = woken
        self._splitter = frames.Splitter()
        self._unsent = bytearray()
        self._input_left = stdin is not None

    def run(self) -> int:
        while True:
            for fd, events in self._wait():
                if fd == self._stdin:
                    self._take_input()
                elif fd == self._woken.fileno():
                    self._woken.recv(64)
                    self.tell_size(self._stdin)
                else:
                    self._flush()
                    # Not for room alone: output, or its end.
                    code = self._take_output() if events & ~select.POLLOUT else None
                    if code is not None:
                        return code

    def tell_size(self, terminal: int) -> None:
        with contextlib.suppress(OSError):
            size = os.get_terminal_size(terminal)
            self._send(frames.size_frame(size.lines, size.columns))

    def _wait(self) -> list[tuple[int, int]]:
        poll = select.poll()
        poll.register(self._connection, select.POLLIN | (select.POLLOUT if self._unsent else 0))
        poll.register(self._woken, select.POLLIN)
        if self._input_left and not self._unsent:
            poll.register(self._stdin, select.POLLIN)
        return poll.poll()

    def _take_output(self) -> int | None:
        try:
            data = self._connection.recv(_CHUNK)
        except BlockingIOError:
            return None
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

    def _take_input(self) -> None:
        try:
            data = os.read(self._stdin, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._input_left = bool(data)
        self._send(frames.frame(frames.STDIN, data) if data else frames.frame(frames.STDIN_END))

    def _send(self, data: bytes) -> None:
        self._unsent += data
        self._flush()

    def _flush(self) -> None:
        try:
            while self._unsent:
                del self._unsent[: self._connection.send(self._unsent)]
        except BlockingIOError:
            return
        except ConnectionError:
            self._unsent.clear()  # the monitor's last frames are still to be read


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:
            select.select([], [fd], [])


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
