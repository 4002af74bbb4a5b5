"""A serial line of a machine, as the host hears it; what comes is bounded, and safe to print."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Self

from engine.lab.machine.guest import MARK
from engine.printable import printable

_LONGEST = 64 << 10  # bytes of a line
_MOST = 20_000  # lines that are passed over or collected before the one that is waited for
_CHUNK = 64 << 10


class Silence(Exception):
    """A machine that does not say what was waited for; says why."""


class SerialLine:
    """One line, both ways."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._passing: asyncio.Task[None] | None = None

    @classmethod
    async def of(cls, ours: socket.socket) -> Self:
        """A line of a connected socket, which it keeps."""
        return cls(*await asyncio.open_connection(sock=ours, limit=_LONGEST))

    async def next(self) -> str:
        """The next line. :raises Silence: there is none any more."""
        try:
            data = await self._reader.readline()
        except (ValueError, OSError) as error:
            raise Silence(f"a line cannot be read: {error}") from error
        if not data:
            raise Silence("the emulator ended")
        return printable(data.decode("utf-8", "replace").rstrip("\r\n"))

    async def told(self, word: str) -> list[str]:
        """What a report says up to the line of a word, without marks; what a kernel says is passed over.

        :raises Silence: it does not come.
        """
        found: list[str] = []
        for _ in range(_MOST):
            line = await self.next()
            if line.startswith(MARK):
                found.append(line.removeprefix(MARK))
                if found[-1].partition(" ")[0] == word:
                    return found
        raise Silence("it says too much")

    async def write(self, data: bytes) -> None:
        """Say something."""
        self._writer.write(data)
        await self._writer.drain()

    def pass_over(self) -> None:
        """Read what comes from now on, and forget it."""
        self._passing = asyncio.create_task(self._forget())

    async def close(self) -> None:
        """Hang up."""
        if self._passing is not None:
            self._passing.cancel()
            await asyncio.gather(self._passing, return_exceptions=True)
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _forget(self) -> None:
        with contextlib.suppress(OSError):
            while await self._reader.read(_CHUNK):
                pass
