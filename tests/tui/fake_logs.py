"""Logs in a store that stands still: what was written, and more where a test has it come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from engine.containers.models import LogLine

NOW = 1_772_370_000.0


class FakeLogs:
    """The part of the fake source that writes logs; all containers but those in `logs_of` wrote the same."""

    def _begin_logs(self) -> None:
        self.lines: list[LogLine] = log()
        self.logs_of: dict[str, list[LogLine]] = {}
        self.asked_logs: list[tuple[str, int | None, float | None]] = []  # name, tail, since
        self._followers: list[asyncio.Queue[list[LogLine]]] = []

    def write(self, lines: Sequence[LogLine]) -> None:
        """Have more lines come in the logs that are followed."""
        self.lines = [*self.lines, *lines]
        for queue in self._followers:
            queue.put_nowait(list(lines))

    async def logs(
        self,
        name: str,
        tail: int | None = None,
        follow: bool = False,
        since: float | None = None,
        until: float | None = None,
    ) -> AsyncGenerator[list[LogLine], None]:
        self.asked_logs.append((name, tail, since))
        lines = self.logs_of.get(name, self.lines)[-(tail or 10**9) :]
        queue: asyncio.Queue[list[LogLine]] = asyncio.Queue()
        self._followers.append(queue)
        try:
            lines = [line for line in lines if until is None or line.time <= until]
            if lines := [line for line in lines if since is None or line.time >= since]:
                yield lines
            while follow and name not in self.logs_of:
                yield await queue.get()
        finally:
            self._followers.remove(queue)


def log() -> list[LogLine]:
    """Forty lines, some of them on stderr and in colours."""
    words = ("LOG: ", "\x1b[1;33mWARN:\x1b[0m")
    return [
        LogLine(
            NOW - 200 + i,
            "stderr" if i % 7 == 3 else "stdout",
            f"2026-03-01 13:00:{i:02d}.118 UTC [1] {words[i % 7 == 3]} checkpoint {i} complete: "
            f"wrote {i * 3} buffers",
        )
        for i in range(40)
    ]
