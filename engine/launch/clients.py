"""Fronts attached to a container: what it prints goes to all of them, what they type goes to it."""

from __future__ import annotations

import select

from .frames import Splitter
from .unix import Socket

_ENOUGH = 256 << 10  # bytes waiting for one front before the container's output is held back


class Client:
    """One attached front; never waits."""

    def __init__(self, connection: Socket) -> None:
        connection.setblocking(False)
        self._connection = connection
        self._splitter = Splitter()
        self._waiting = bytearray()
        self.gone = False

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._connection.fileno()

    def interest(self, hungry: bool) -> int:
        """What to poll for.

        :param hungry: whether more of what it sends is wanted now; that it left is heard in any case.
        """
        return (select.POLLIN if hungry else 0) | (select.POLLOUT if self._waiting else 0)

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

    def finish(self, data: bytes) -> None:
        """Write all that is left and `data`, then close; a front that does not read is given five seconds."""
        try:
            self._connection.settimeout(5)
            self._connection.sendall(bytes(self._waiting) + data)
        except OSError:
            pass
        self.close()

    def close(self) -> None:
        """Let go of the socket."""
        self._connection.close()
        self.gone = True
