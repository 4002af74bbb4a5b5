"""Whether, and when, a container that has ended is started again: Docker's rules (moby: restartmanager).

Two small files in the container's directory are written by fronts and read here at each end, so that both
can be changed while the container runs:

    restart   the policy: "always", "unless-stopped" or "on-failure [LIMIT]"; missing is "no"
    ended     somebody wants it ended, and why: "person", "host" (the machine goes down), "again" (`restart`)
"""

from __future__ import annotations

import os
import select
import time

from . import unix

POLICY, ENDED = "restart", "ended"
PERSON, HOST, AGAIN = "person", "host", "again"

_FIRST, _LONGEST = 0.1, 60.0  # seconds before the first start, and before any later one
_STEADY = 10.0  # seconds; what ran for so long begins with the shortest pause again


class Restarts:
    """The restarts of one container by one monitor.

    :param directory: the container's.
    """

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._pause = 0.0
        self.count = 0

    def pause(self, exit_code: int, ran: float) -> float | None:
        """How many seconds to wait before it is started again; None: it stays ended.

        :param ran: for how many seconds it ran.
        """
        if self.ended_by() or not self._wanted(exit_code):
            return None
        if ran >= _STEADY:
            self._pause = 0.0
        self._pause = min(self._pause * 2 or _FIRST, _LONGEST)
        return self._pause

    def wait(self, server: unix.Socket, seconds: float) -> bool:
        """Let a pause pass; False when somebody wants it ended meanwhile.

        Whoever writes the file `ended` connects to the socket, which wakes this.
        """
        poll = select.poll()
        poll.register(server, select.POLLIN)
        deadline = time.monotonic() + seconds
        while not self.ended_by():
            left = deadline - time.monotonic()
            if left <= 0:
                self.count += 1
                return True
            if poll.poll(left * 1000):
                try:
                    unix.accept(server).close()
                except OSError:
                    continue  # it left again
        return False

    def ended_by(self) -> str:
        """Why somebody wants it ended; "" where nobody does."""
        return _read(os.path.join(self._directory, ENDED))

    def _wanted(self, exit_code: int) -> bool:
        policy, _, limit = _read(os.path.join(self._directory, POLICY)).partition(" ")
        if policy == "on-failure":
            return exit_code != 0 and (not limit or self.count < int(limit))
        return policy in ("always", "unless-stopped")


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""
