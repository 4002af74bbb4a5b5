"""A container's streams while it runs: output to log and fronts, input from fronts."""

from __future__ import annotations

import os
import select

from . import frames, unix
from .clients import Client
from .log import Log
from .terminal import resize

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK = 256 << 10  # bytes read from the container at a time
_ENOUGH = 256 << 10  # bytes of input waiting for the container before fronts are read no further


class Streams:
    """Passes everything that a container prints and is typed, until it has ended and all was read.

    :param outputs: descriptors to read from, with the kind of frame each becomes.
    :param input_fd: descriptor to write to, or -1; the terminal's where there is one. Not blocking.
    :param terminal: the terminal's master end, or -1.
    :param input_ends: whether a front may end the container's input; the first one does by leaving.
    """

    def __init__(
        self, outputs: dict[int, bytes], input_fd: int, terminal: int, input_ends: bool, log: Log
    ) -> None:
        self._outputs = outputs
        self._input = input_fd
        self._terminal = terminal
        self._input_may_end = input_ends and terminal < 0
        self._log = log
        self._poll = select.poll()
        self._held = False
        self._waiting = bytearray()
        self._input_ended = False
        self._feeder: Client | None = None
        self.clients: dict[int, Client] = {}

    def add(self, client: Client) -> None:
        """A front is attached from here on."""
        self.clients[client.fileno()] = client
        self._feeder = self._feeder or client
        self._poll.register(client, client.interest(self._hungry))

    def run(self, server: unix.Socket, pidfd: int, at_end: Callable[[], None] | None = None) -> None:
        """Serve until the process of `pidfd` has ended and all it wrote was passed on.

        :param at_end: called when it has ended; ends those that would hold its streams open.
        """
        self._poll.register(server, select.POLLIN)
        self._poll.register(pidfd, select.POLLIN)
        for fd in self._outputs:
            self._poll.register(fd, select.POLLIN)
        ended = False
        while not ended or self._outputs:
            for fd, events in self._poll.poll():
                # A full pipe that nobody reads any more polls as an error, and never as writable.
                if fd == self._input and events & (select.POLLOUT | select.POLLERR):
                    self._pass_input()
                if fd in self._outputs:
                    self._pass_output(fd, ended)
                elif fd in self.clients:
                    self._serve(self.clients[fd], events)
                elif fd == pidfd:
                    ended = True
                    if at_end:
                        at_end()
                    self._poll.unregister(pidfd)
                    self._drain_terminal()
                elif fd == server.fileno():
                    self._accept(server)
            self._settle()

    def close(self) -> None:
        """Let go of what is open after the end; fronts are closed by whoever tells them of it."""
        for fd in {self._input, *self._outputs} - {-1}:
            os.close(fd)
        self._input = -1
        self._outputs.clear()

    # ------------------------------------------------------------------ output

    def _pass_output(self, fd: int, ended: bool) -> None:
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""  # EIO: the terminal's last user is gone (pty(7))
        if not data:
            if fd == self._terminal and not ended:
                # The program has let go of its terminal and lives on; poll would report that without end.
                self._unwatch(fd)
                return
            self._close_output(fd)
            return
        kind = self._outputs[fd]
        self._log.write("stdout" if kind == frames.STDOUT else "stderr", data)
        message = frames.frame(kind, data)
        for client in self.clients.values():
            client.send(message)

    def _drain_terminal(self) -> None:
        """Its last words: with the last process gone there is nothing more to wait for."""
        while self._terminal in self._outputs:
            self._pass_output(self._terminal, ended=True)

    def _close_output(self, fd: int) -> None:
        del self._outputs[fd]
        self._unwatch(fd)
        if fd == self._input:
            self._input = -1
        os.close(fd)

    def _unwatch(self, fd: int) -> None:
        try:
            self._poll.unregister(fd)
        except KeyError:
            return

    # ------------------------------------------------------------------ fronts

    def _accept(self, server: unix.Socket) -> None:
        try:
            self.add(Client(unix.accept(server)))
        except OSError:
            return  # it left again, or there is no descriptor for it just now

    def _serve(self, client: Client, events: int) -> None:
        if events & select.POLLOUT:
            client.flush()
        if events & (select.POLLIN | select.POLLHUP | select.POLLERR):
            for kind, data in client.receive():
                self._obey(kind, data)

    def _obey(self, kind: bytes, data: bytes) -> None:
        if kind == frames.STDIN and self._input >= 0 and not self._input_ended:
            self._waiting += data
            self._pass_input()
        elif kind == frames.STDIN_END and self._input_may_end:
            self._input_ended = True
            self._pass_input()
        elif kind == frames.RESIZE and self._terminal >= 0:
            try:
                resize(self._terminal, *frames.unpack_size(data))
            except (ValueError, OSError):
                return

    def _settle(self) -> None:
        """After each round: forget fronts that left, and hold the output while one cannot keep up."""
        for fd, client in list(self.clients.items()):
            if client.gone:
                self._poll.unregister(fd)
                del self.clients[fd]
                client.close()
                if client is self._feeder:
                    self._obey(frames.STDIN_END, b"")
        for client in self.clients.values():
            self._poll.modify(client, client.interest(self._hungry))
        congested = any(client.congested for client in self.clients.values())
        if congested != self._held:
            self._held = congested
            for fd in self._outputs:
                if congested:
                    self._unwatch(fd)
                else:
                    self._poll.register(fd, select.POLLIN)
            if self._waiting and not congested:
                self._watch_input(True)

    # ------------------------------------------------------------------ input

    @property
    def _hungry(self) -> bool:
        """Whether the container takes what fronts send; while it does not, it is left with the fronts."""
        return len(self._waiting) < _ENOUGH

    def _pass_input(self) -> None:
        """Write what the container takes of its input; room is waited for by poll, never here."""
        if self._input < 0:
            return
        try:
            while self._waiting:
                del self._waiting[: os.write(self._input, self._waiting)]
        except BlockingIOError:
            self._watch_input(True)
            return
        except OSError:  # it has closed its input
            self._waiting.clear()
            self._input_ended = self._input != self._terminal
        self._watch_input(False)
        if self._input_ended and self._input != self._terminal:
            os.close(self._input)
            self._input = -1

    def _watch_input(self, wanted: bool) -> None:
        if self._input == self._terminal:
            # One descriptor for both ways: it is polled for output anyway, unless that is held back.
            if not self._held:
                self._poll.register(self._input, select.POLLIN | (select.POLLOUT if wanted else 0))
        elif wanted:
            self._poll.register(self._input, select.POLLOUT)
        else:
            self._unwatch(self._input)
