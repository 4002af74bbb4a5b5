"""One terminal into a container: the streams of a program, the cells they made, and how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from engine.errors import LaminaError
from tui.terminal.emulation import Emulation

_SLICE = 2048  # bytes taken at once: a few milliseconds, so that keys are answered between two of them
_MOST_TYPED = 256  # pieces that wait for a program which takes nothing


class Session(Protocol):
    """A front's place in a program's streams, as `engine.facade.sessions.Session` has it."""

    tty: bool

    async def read(self) -> bytes: ...
    async def write(self, data: bytes) -> None: ...
    async def resize(self, rows: int, columns: int) -> None: ...
    async def wait(self) -> int: ...
    async def hang_up(self) -> None: ...
    async def close(self) -> None: ...


Opened = Callable[[int, int], Awaitable[Session]]
"""Opens the streams, for a terminal of so many rows and columns."""


class Shell:
    """One terminal; lives on while nobody looks at it.

    :param title: what runs, and where.
    :param opened: gives its streams. :param changed: called after each change of what is to be seen.
    :param own: the program was begun for this terminal, and is told when it is closed.
    :ivar ended: how it ended, in words; "" while it runs.
    """

    def __init__(self, title: str, opened: Opened, changed: Callable[[], None], *, own: bool = False) -> None:
        self.title = title
        self.cells = Emulation(80, 24)
        self.ended = ""
        self._opened = opened
        self._changed = changed
        self._own = own
        self._size = (24, 80)
        self._typed: asyncio.Queue[bytes] = asyncio.Queue(_MOST_TYPED)
        self._resized = asyncio.Event()
        self._work: asyncio.Task[None] | None = None

    @property
    def begun(self) -> bool:
        """Whether it was opened."""
        return self._work is not None

    def open(self, rows: int, columns: int) -> None:
        """Begin, in a terminal of so many rows and columns."""
        self._size = (rows, columns)
        self.cells.resize(rows, columns)
        self._work = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Leave it: a program that was begun for it is told that its terminal hung up."""
        if self._work is not None:
            self._work.cancel()
            with suppress(asyncio.CancelledError):
                await self._work

    def type(self, data: bytes) -> bool:
        """Type something; False where the program takes nothing any more."""
        try:
            self._typed.put_nowait(data)
        except asyncio.QueueFull:
            return False
        return True

    def resize(self, rows: int, columns: int) -> None:
        """Be of another size."""
        if (rows, columns) != self._size and rows > 1 and columns > 1:
            self._size = (rows, columns)
            self.cells.resize(rows, columns)
            self._resized.set()

    async def _run(self) -> None:
        try:
            session = await self._opened(*self._size)
            try:
                await self._stand(session)
            finally:
                if self._own and not self.ended:
                    await session.hang_up()
                await session.close()
        except LaminaError as error:
            self.ended = f"{error.message} ({error.hint})" if error.hint else error.message
        finally:
            self._changed()

    async def _stand(self, session: Session) -> None:
        helpers = [asyncio.create_task(self._type(session)), asyncio.create_task(self._follow_size(session))]
        try:
            while data := await session.read():
                # Without a terminal nobody has made a line's end of what is one.
                await self._take(data if session.tty else data.replace(b"\n", b"\r\n"))
            self.ended = f"ended with exit code {await session.wait()}"
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    async def _take(self, data: bytes) -> None:
        for start in range(0, len(data), _SLICE):
            self.cells.feed(data[start : start + _SLICE])
            if self.cells.answers:
                self.type(bytes(self.cells.answers))
                self.cells.answers.clear()
            self._changed()
            await asyncio.sleep(0)

    async def _type(self, session: Session) -> None:
        while True:
            await session.write(await self._typed.get())

    async def _follow_size(self, session: Session) -> None:
        await session.resize(*self._size)
        while True:
            await self._resized.wait()
            self._resized.clear()
            await session.resize(*self._size)
