"""Fronts attached to a container: what it prints goes to all of them, what they type goes to it."""

from __future__ import annotations

import os
import select

from .fork import fork_aside, keep_only
from .frames import Splitter
from .unix import Socket

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from collections.abc import Iterable

_ENOUGH = 256 << 10  # bytes waiting for one front before the container's output is held back


class Client:
    """One attached front; never waits."""

    def __init__(self, connection: Socket) -> None:
        connection.setblocking(False)
        self._connection = connection
        self._splitter = Splitter()
        self._waiting = bytearray()
        self.gone = False
        self.size: tuple[int, int] | None = None  # rows and columns of its terminal, once it told them

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._connection.fileno()

    def interest(self, hungry: bool) -> int:
        """What to poll for.

        :param hungry: whether more of what it sends is wanted now; that it left is heard in any case.
        """
        return (select.POLLIN if hungry else 0) | (select.POLLOUT if self._waiting else 0)

    @property
    def behind(self) -> bool:
        """Whether it has not yet taken all that was sent."""
        return bool(self._waiting) and not self.gone

    @property
    def congested(self) -> bool:
        """Whether it has enough to read for now."""
        return len(self._waiting) > _ENOUGH

    def send(self, data: bytes) -> None:
        """Write what the socket takes, keep the rest."""
        self._waiting += data
        self.flush()

    def flush(self) -> None:
        """Write what was kept."""
        try:
            while self._waiting and not self.gone:
                del self._waiting[: self._connection.send(self._waiting)]
        except BlockingIOError:
            return
        except OSError:
            self.gone = True

    def receive(self) -> list[tuple[bytes, bytes]]:
        """Frames that have come."""
        try:
            data = self._connection.recv(65536)
            if not data:
                self.gone = True
            return self._splitter.feed(data)
        except BlockingIOError:
            return []
        except (OSError, ValueError):
            self.gone = True
            return []

    def last_words(self) -> list[tuple[bytes, bytes]]:
        """Frames that one who is gone had sent before it left."""
        said = []
        while frames := self.receive():
            said += frames
        return said

    def finish(self, data: bytes) -> None:
        """Send a last frame and close; waits for nobody, so only for one that has little to read."""
        self.send(data)
        self.close()

    def close(self) -> None:
        """Let go of the socket."""
        self._connection.close()
        self.gone = True


def finish(clients: Iterable[Client], data: bytes) -> None:
    """Send a last frame to all and close them.

    Whoever has not taken everything yet is served on by a process of its own, for as long as it may take: a
    pager shows its last page when somebody turns to it, and nothing else waits for that.
    """
    clients = list(clients)
    for client in clients:
        client.send(data)
    behind = [client for client in clients if client.behind]
    if behind and not _leave_to_others():
        _serve_on(behind)
    for client in clients:
        client.close()


def _leave_to_others() -> bool:
    try:
        return fork_aside()
    except OSError:
        return True  # no room for a process: what was not taken is lost


def _serve_on(clients: list[Client]) -> None:
    """Send what is left, holding nothing else of the process this was; never returns."""
    try:
        keep_only([client.fileno() for client in clients])
        poll = select.poll()
        while clients := [client for client in clients if client.behind]:
            for client in clients:
                poll.register(client, select.POLLOUT)
            for fd, _ in poll.poll():
                poll.unregister(fd)
            for client in clients:
                client.flush()
    finally:
        os._exit(0)
