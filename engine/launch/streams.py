"""A container's streams while it runs: output to log and fronts, input from fronts."""

from __future__ import annotations

import os
import select

from . import frames, unix
from .clients import Client, finish
from .log import Log
from .terminal import resize

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK = 256 << 10  # bytes read from the container at a time
_ENOUGH = 256 << 10  # bytes of input waiting for the container before fronts are read no further
_LAST_WORDS = 1 << 20  # bytes read after a program's end, which others may hold the streams of; pipe(7)


class Streams:
    """Passes everything that a container prints and is typed, until it has ended and all was read.

    :param outputs: descriptors to read from, with the kind of frame each becomes.
    :param input_fd: descriptor to write to, or -1; the terminal's where there is one. Not blocking.
    :param terminal: the terminal's master end, or -1.
    :param input_ends: whether a front may end the container's input; the first one does by leaving.
    :param log: what keeps the output; None keeps nothing.
    """

    def __init__(
        self, outputs: dict[int, bytes], input_fd: int, terminal: int, input_ends: bool, log: Log | None
    ) -> None:
        for fd in outputs:
            os.set_blocking(fd, False)
        self._outputs = outputs
        self._input = input_fd
        self._terminal = terminal
        self._input_may_end = input_ends and terminal < 0
        self._log = log
        self._poll = select.poll()
        self._ended = False
        self._held = False
        self._waiting = bytearray()
        self._input_ended = False
        self._feeder: Client | None = None
        self._arrivals: dict[int, Client] = {}
        self._server: unix.Socket | None = None
        self._watched: dict[int, Callable[[], None]] = {}
        self.alarm: Callable[[], float] | None = None
        """Called before each wait, to do what is due; gives the seconds until it is to be called again."""
        self.clients: dict[int, Client] = {}
        self.on_request: Callable[[Client, bytes], None] | None = None
        """Takes over a front that wants a program run beside the first one, and what it said of it."""
        self.on_signal: Callable[[int], None] | None = None
        """Passes on a signal that a front sends."""

    def add(self, client: Client) -> None:
        """A front is attached from here on."""
        self.clients[client.fileno()] = client
        self._feeder = self._feeder or client
        self._poll.register(client, client.interest(self._hungry))

    def watch(self, fd: int, act: Callable[[], None]) -> None:
        """Have something called each time that a descriptor can be read."""
        self._watched[fd] = act
        self._poll.register(fd, select.POLLIN)

    def unwatch(self, fd: int) -> None:
        """No more; not watched in the first place is fine."""
        if self._watched.pop(fd, None):
            self._poll.unregister(fd)

    def run(
        self,
        server: unix.Socket | None,
        pidfd: int,
        at_end: Callable[[], None] | None = None,
        alone: bool = True,
    ) -> None:
        """Serve until the process of `pidfd` has ended and all it wrote was passed on.

        :param server: where fronts come; None where none does.
        :param at_end: called when it has ended; ends those that would hold its streams open.
        :param alone: nobody holds its streams after that, so that their ends are waited for.
        """
        self._server = server
        if server:
            self.watch(server.fileno(), self._welcome)
        for fd in (pidfd, *self._outputs):
            self._poll.register(fd, select.POLLIN)
        while not self._ended or self._outputs:
            for fd, events in self._poll.poll(self.alarm() * 1000 + 1 if self.alarm else None):
                if fd == pidfd:
                    self._poll.unregister(pidfd)
                    if at_end:
                        at_end()
                    self._end(alone)
                else:
                    self._pass(fd, events)
            self._settle()

    def _pass(self, fd: int, events: int) -> None:
        # A full pipe that nobody reads any more polls as an error, and never as writable.
        if fd == self._input and events & (select.POLLOUT | select.POLLERR):
            self._pass_input()
        if fd in self._outputs:
            self._pass_output(fd)
        elif fd in self.clients:
            self._serve(self.clients[fd], events)
        elif fd in self._arrivals:
            self._greet(self._arrivals[fd])
        elif fd in self._watched:
            self._watched[fd]()

    def finish(self, code: int) -> None:
        """Tell every front how it ended."""
        finish(self.clients.values(), frames.exit_frame(code))
        for client in self._arrivals.values():
            client.close()

    def close(self) -> None:
        """Let go of what is open after the end; fronts are closed by whoever tells them of it."""
        for fd in {self._input, *self._outputs} - {-1}:
            os.close(fd)
        self._input = -1
        self._outputs.clear()

    # ------------------------------------------------------------------ output

    def _pass_output(self, fd: int) -> int:
        """Read once; gives how many bytes there were, 0 for none any more or just now.

        Whoever had attached before something was written is sent it, in whatever order both came to be seen.
        """
        self._welcome()
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return 0
        except OSError:
            data = b""  # EIO: the terminal's last user is gone (pty(7))
        if not data:
            if fd == self._terminal and not self._ended:
                # The program has let go of its terminal and lives on; poll would report that without end.
                self._unwatch(fd)
            else:
                self._close_output(fd)
            return 0
        kind = self._outputs[fd]
        if self._log:
            self._log.write("stdout" if kind == frames.STDOUT else "stderr", data)
        message = frames.frame(kind, data)
        for client in self.clients.values():
            client.send(message)
        return len(data)

    def _end(self, alone: bool) -> None:
        """Its last words: what it wrote is there to be read, whether or not a front keeps up with it."""
        self._ended = True
        self._hold(False)
        for fd in list(self._outputs):
            left = _LAST_WORDS
            while left > 0 and (read := self._pass_output(fd)):
                left -= read
            if fd in self._outputs and (fd == self._terminal or not alone):
                self._close_output(fd)

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

    def _welcome(self) -> None:
        """Let in all who have come, and hear those who have said what for."""
        while client := self._accept():
            self._arrivals[client.fileno()] = client
            self._poll.register(client, select.POLLIN)
        for client in list(self._arrivals.values()):
            self._greet(client)

    def _accept(self) -> Client | None:
        while self._server:
            try:
                connection = unix.accept(self._server)
            except OSError:
                return None  # nobody, it left again, or there is no descriptor for it just now
            if unix.is_from_us(connection):
                return Client(connection)
            connection.close()
        return None

    def _greet(self, client: Client) -> None:
        """Hear what a front came for."""
        for kind, data in client.receive():
            if client.fileno() in self.clients:
                self._obey(client, kind, data)
            elif kind == frames.ATTACH:
                del self._arrivals[client.fileno()]
                self.add(client)
            elif kind == frames.REQUEST and self.on_request:
                self.on_request(client, data)
                client.gone = True  # whoever runs it serves the front too
            else:
                client.gone = True
        if client.gone and client.fileno() in self._arrivals:
            del self._arrivals[client.fileno()]
            self._poll.unregister(client)
            client.close()

    def _serve(self, client: Client, events: int) -> None:
        if events & select.POLLOUT:
            client.flush()
        if events & (select.POLLIN | select.POLLHUP | select.POLLERR):
            for kind, data in client.receive():
                self._obey(client, kind, data)

    def _obey(self, client: Client, kind: bytes, data: bytes) -> None:
        if kind == frames.STDIN and self._input >= 0 and not self._input_ended:
            self._waiting += data
            self._pass_input()
        elif kind == frames.STDIN_END and self._input_may_end:
            self._input_ended = True
            self._pass_input()
        elif kind == frames.RESIZE and self._terminal >= 0:
            try:
                client.size = frames.unpack_size(data)
            except ValueError:
                return
            self._fit()
        elif kind == frames.SIGNAL and self.on_signal and len(data) == 1:
            self.on_signal(data[0])
        elif kind == frames.NO_OUTPUT and not self._log and self._terminal < 0:
            # Whoever writes on is told by the kernel, as at the end of any pipe that nobody reads.
            for fd in list(self._outputs):
                self._close_output(fd)

    def _fit(self) -> None:
        """Make the terminal as large as that of the front that came last, of those that told their size."""
        sizes = [client.size for client in self.clients.values() if client.size and not client.gone]
        if sizes and self._terminal in self._outputs:
            try:
                resize(self._terminal, *sizes[-1])
            except OSError:
                return

    def _settle(self) -> None:
        """After each round: forget fronts that left, and hold the output while one cannot keep up."""
        for fd, client in list(self.clients.items()):
            if client.gone:
                # It shows in what we send, too, which may be before we came to what it sent.
                for kind, data in client.last_words():
                    self._obey(client, kind, data)
                self._poll.unregister(fd)
                del self.clients[fd]
                client.close()
                if client is self._feeder:
                    self._obey(client, frames.STDIN_END, b"")
                if client.size:
                    self._fit()
        for client in self.clients.values():
            self._poll.modify(client, client.interest(self._hungry))
        self._hold(not self._ended and any(client.congested for client in self.clients.values()))

    def _hold(self, held: bool) -> None:
        """Read no more of what it writes, or go on."""
        if held == self._held:
            return
        self._held = held
        for fd in self._outputs:
            if held:
                self._unwatch(fd)
            else:
                self._poll.register(fd, select.POLLIN)
        if self._waiting and not held:
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
