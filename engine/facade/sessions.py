"""Standing in a container: its own streams, or those of a program run beside its first one."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from engine.errors import Unavailable
from engine.facade.base import Facade
from engine.launch import frames

_CHUNK = 64 << 10


class Session:
    """One front's place in a program's streams; closing it leaves the program running.

    One task reads, any may write. An asynchronous context manager, which closes it.

    :param tty: the program has a terminal, so that all it writes is one stream.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tty: bool) -> None:
        self.tty = tty
        self._reader = reader
        self._writer = writer
        self._splitter = frames.Splitter()
        self._came: list[tuple[bytes, bytes]] = []
        self._code: int | None = None

    async def read(self) -> bytes:
        """What it wrote next, to either stream; b"" when it has ended and all was read.

        :raises Unavailable: who ran it was killed, and how it ended is not known.
        """
        while self._code is None:
            while self._came:
                kind, data = self._came.pop(0)
                if kind == frames.EXIT:
                    self._code = frames.unpack_exit(data)
                    return b""
                if kind in (frames.STDOUT, frames.STDERR) and data:
                    return data
            try:
                data = await self._reader.read(_CHUNK)
            except ConnectionError:
                data = b""
            if not data:
                raise Unavailable("the container's monitor went away; how the program ended is not known")
            self._came = self._splitter.feed(data)
        return b""

    async def write(self, data: bytes) -> None:
        """Type something; waits while the program does not take it. Nothing happens when it has ended."""
        for start in range(0, len(data), _CHUNK):
            await self._send(frames.frame(frames.STDIN, data[start : start + _CHUNK]))

    async def end_input(self) -> None:
        """Nothing more is typed: a program without a terminal finds the end of its input."""
        await self._send(frames.frame(frames.STDIN_END))

    async def resize(self, rows: int, columns: int) -> None:
        """Tell the size of what shows its terminal."""
        await self._send(frames.size_frame(rows, columns))

    async def hang_up(self) -> None:
        """Tell a program that was run for this session that its terminal is gone."""
        await self._send(frames.signal_frame(signal.SIGHUP))

    async def wait(self) -> int:
        """Its exit code, when it has ended; what it writes meanwhile is lost. See `read` for errors."""
        while self._code is None:
            await self.read()
        return self._code

    async def close(self) -> None:
        """Leave."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return

    async def _send(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionError:
            return  # it has ended, which the reader tells

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def _session(connection: socket.socket, tty: bool) -> Session:
    reader, writer = await asyncio.open_unix_connection(sock=connection)
    return Session(reader, writer, tty)


class SessionVerbs(Facade):
    """Terminals and pipes into containers."""

    async def exec_session(
        self,
        name: str,
        argv: Sequence[str],
        *,
        tty: bool = True,
        user: str = "",
        workdir: str = "",
        env: Sequence[str] = (),
        privileged: bool = False,
        size: tuple[int, int] | None = None,
    ) -> Session:
        """Run a program in a running container, beside its first one.

        :param env: `NAME=value`. :param size: rows and columns that it finds, where it has a terminal.
        :raises Conflict: the container does not run. :raises LaunchError: it could not be executed.
        """
        from engine.containers.exec import exec_in
        from engine.runtime.exec import new_request

        request = new_request(
            list(argv), list(env), workdir=workdir, user=user, tty=tty, stdin=True, privileged=privileged,
            size=size,
        )  # fmt: skip
        return await _session(await self._call(lambda rooms: exec_in(rooms.kept, name, request)), tty)

    async def attach_session(self, name: str) -> Session:
        """Stand in a running container's own streams, from now on.

        :raises Conflict: the container does not run.
        """
        found = await self._call(lambda rooms: rooms.containers.get(name))
        return await _session(await self._call(lambda rooms: rooms.containers.attach(name)), found.tty)
