"""Between this process's own streams and a socket of frames: what every attached command line does.

Imports next to nothing: `lamina exec` runs a program in less time than it takes to load most of the engine.
"""

from __future__ import annotations

import os
import select

from engine.errors import Unavailable
from engine.launch import frames

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from engine.runtime.keys import KeyWatch

    class Connection(Protocol):
        """A connected stream socket."""

        def fileno(self) -> int: ...
        def setblocking(self, flag: bool, /) -> None: ...
        def recv(self, size: int, /) -> bytes: ...
        def send(self, data: bytearray, /) -> int: ...


_CHUNK = 64 << 10
SIZE_CHANGED = 28  # SIGWINCH; `signal` itself is for those who set handlers


class Pump:
    """Never waits for the other end to take input: it may be waiting for us to take output.

    :param stdin: descriptor to read from, or None to send nothing.
    :param keys: what is typed to leave; None looks for nothing.
    :param wake: a descriptor that the numbers of signals are read from, one a byte; -1 for none.
    :param on_signal: told of them, but for changes of the terminal's size, which are passed on.
    :param hand_back: tell the other end when nobody reads our output any more.
    """

    def __init__(
        self,
        connection: Connection,
        stdin: int | None,
        stdout: int,
        stderr: int,
        *,
        keys: KeyWatch | None = None,
        wake: int = -1,
        on_signal: Callable[[int], None] | None = None,
        hand_back: bool = False,
    ) -> None:
        connection.setblocking(False)
        self._connection = connection
        self._stdin = -1 if stdin is None else stdin
        self._sinks = {frames.STDOUT: stdout, frames.STDERR: stderr}
        self._keys = keys
        self._wake = wake
        self._on_signal = on_signal
        self._hand_back = hand_back
        self._splitter = frames.Splitter()
        self._unsent = bytearray()
        self._input_left = stdin is not None
        self._left = False

    def run(self) -> int | None:
        """Pass input and output until the program ends; gives its exit code, None when the keys were typed.

        :raises Unavailable: the other end went away without saying how the program ended.
        :raises BrokenPipeError: nobody reads our output any more.
        """
        while not self._left:
            for fd, events in self._wait():
                if fd == self._stdin:
                    self._take_input()
                elif fd == self._wake:
                    self._take_signals()
                else:
                    self._flush()
                    # Not for room alone: output, or its end.
                    code = self._take_output() if events & ~select.POLLOUT else None
                    if code is not None:
                        return code
        return None

    def tell_size(self) -> None:
        """Send how large the terminal on standard input is."""
        try:
            size = os.get_terminal_size(self._stdin)
        except OSError:
            return
        self.send(frames.size_frame(size.lines, size.columns))

    def send(self, data: bytes) -> None:
        """Send frames, now or as soon as the other end takes them."""
        self._unsent += data
        self._flush()

    def _wait(self) -> list[tuple[int, int]]:
        poll = select.poll()
        poll.register(self._connection.fileno(), select.POLLIN | (select.POLLOUT if self._unsent else 0))
        if self._wake >= 0:
            poll.register(self._wake, select.POLLIN)
        if self._input_left and not self._unsent:
            poll.register(self._stdin, select.POLLIN)
        return poll.poll()

    def _take_signals(self) -> None:
        for number in os.read(self._wake, 64):
            if number == SIZE_CHANGED:
                self.tell_size()
            elif self._on_signal:
                self._on_signal(number)

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
                self._write(sink, payload)
        return None

    def _write(self, sink: int, data: bytes) -> None:
        try:
            write_all(sink, data)
        except BrokenPipeError:
            if self._hand_back:
                self.send(frames.frame(frames.NO_OUTPUT))
            raise

    def _take_input(self) -> None:
        try:
            data = os.read(self._stdin, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._input_left = False
            self.send(frames.frame(frames.STDIN_END))
            return
        if self._keys:
            data, self._left = self._keys.feed(data)
        if data:
            self.send(frames.frame(frames.STDIN, data))

    def _flush(self) -> None:
        try:
            while self._unsent:
                del self._unsent[: self._connection.send(self._unsent)]
        except BlockingIOError:
            return
        except ConnectionError:
            self._unsent.clear()  # the monitor's last frames are still to be read


def write_all(fd: int, data: bytes) -> None:
    """Write everything to a descriptor, which may be one that does not block."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:
            select.select([], [fd], [])
