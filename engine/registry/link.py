"""The link that a server sends over: as fast as the machine, or held to a speed."""

from __future__ import annotations

import asyncio
import time

from engine.errors import InvalidArgument

SLOWEST = 1000  # bytes a second; below it a small image would take hours, and look like a hang
_PIECES = 20  # that a second's worth is sent in, so that progress is seen to move


class Link:
    """One link, shared by all connections that are sent over it.

    Whoever sends waits for his bytes' time *before* he sends them, so no byte is early: `n` bytes take at
    least `n / speed` seconds, counted from the first request.

    :ivar speed: bytes a second over all connections together; 0 is as fast as the machine.
    """

    def __init__(self, speed: int = 0) -> None:
        self.speed = 0
        self._free = 0.0  # moment of the monotonic clock from which the link carries nothing
        self.set_speed(speed)

    def set_speed(self, speed: int) -> None:
        """Hold what is sent from now on to a speed.

        :raises InvalidArgument: it is below `SLOWEST`, and not 0.
        """
        if speed != 0 and speed < SLOWEST:
            raise InvalidArgument(
                f"a link of {speed} bytes a second is too slow", hint=f"at least {SLOWEST}; 0 is no limit"
            )
        self.speed = speed
        self._free = 0.0

    def piece(self, most: int) -> int:
        """How many bytes to send at once, `most` at most."""
        return min(most, max(1, self.speed // _PIECES)) if self.speed else most

    async def carry(self, count: int) -> None:
        """Wait until so many bytes would have passed."""
        if not self.speed:
            return
        begin = max(self._free, time.monotonic())
        # Taken before the wait: whoever asks meanwhile comes after.
        self._free = due = begin + count / self.speed
        await asyncio.sleep(due - time.monotonic())
