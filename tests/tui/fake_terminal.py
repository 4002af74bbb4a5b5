"""A program at the other end of a terminal, made of what a test has it write."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence


class FakeSession:
    """Writes what it is told, keeps what is typed into it."""

    def __init__(self, tty: bool = True) -> None:
        self.tty = tty
        self.typed = b""
        self.sizes: list[tuple[int, int]] = []
        self.hung_up = self.closed = False
        self._written: asyncio.Queue[bytes] = asyncio.Queue()

    def say(self, data: bytes) -> None:
        """The program writes; nothing is its end."""
        self._written.put_nowait(data)

    async def read(self) -> bytes:
        return await self._written.get()

    async def write(self, data: bytes) -> None:
        self.typed += data

    async def resize(self, rows: int, columns: int) -> None:
        self.sizes.append((rows, columns))

    async def wait(self) -> int:
        return 3

    async def hang_up(self) -> None:
        self.hung_up = True

    async def close(self) -> None:
        self.closed = True


class FakeTerminals:
    """Sessions that were asked for, the newest last."""

    sessions: Sequence[FakeSession] = ()

    def _opened(self, tty: bool = True) -> FakeSession:
        session = FakeSession(tty)
        self.sessions = [*self.sessions, session]
        return session

    async def exec_session(
        self, name: str, argv: Sequence[str], *, tty: bool = True, size: tuple[int, int] | None = None
    ) -> FakeSession:
        return self._opened(tty)

    async def attach_session(self, name: str) -> FakeSession:
        return self._opened(tty=False)
