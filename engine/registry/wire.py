"""One connection to a server: bytes as they came, without a copy, and pressure back on whoever sends."""

from __future__ import annotations

import asyncio
import socket
import ssl
from asyncio.staggered import staggered_race
from collections import deque
from functools import partial

from engine.registry.hosts import Origin, is_link_local

_HELD = 1 << 20  # bytes that came and were not taken, from which on the sender has to wait
_NEXT_ADDRESS = 0.25  # seconds until a further address is tried beside one that does not answer (RFC 8305)


class NameUnknown(Exception):
    """A name leads to no address, or to none that may be asked."""


class NoConnection(Exception):
    """None was made in time."""


class Silence(Exception):
    """Nothing came in the time that there was."""


class Wire(asyncio.Protocol):
    """One connection; for one task at a time that receives, and one that sends.

    :ivar used: an answer came over it before: the server may have closed it since.
    """

    def __init__(self) -> None:
        self.used = False
        self._transport: asyncio.Transport | None = None
        self._chunks: deque[bytes] = deque()
        self._held = 0
        self._ended = False
        self._error: Exception | None = None
        self._came = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()

    @property
    def is_quiet(self) -> bool:
        """Open, and nothing waits to be read: fit for another request."""
        return not self._ended and not self._chunks and not self._link.is_closing()

    async def receive(self, seconds: float) -> bytes:
        """What came next; nothing where the server has closed the connection.

        :param seconds: to wait for it. :raises Silence: nothing came. :raises OSError: the connection broke.
        """
        if not self._chunks and not self._ended:
            self._came.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._came.wait()
            except TimeoutError:
                raise Silence from None
        if self._chunks:
            chunk = self._chunks.popleft()
            self._held -= len(chunk)
            if self._held <= _HELD < self._held + len(chunk):
                self._link.resume_reading()
            return chunk
        if self._error is not None:
            raise self._error
        return b""

    async def send(self, data: bytes) -> None:
        """Write, once the server has taken enough of what was written before.

        :raises OSError: the connection broke.
        """
        await self._writable.wait()
        if self._ended:
            raise self._error or ConnectionResetError()
        self._link.write(data)

    def close(self) -> None:
        """End it at once."""
        if self._transport is not None:
            self._transport.abort()

    @property
    def _link(self) -> asyncio.Transport:
        assert self._transport is not None, "not connected"
        return self._transport

    # for the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stands."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self._chunks.append(data)
        self._held += len(data)
        if self._held > _HELD >= self._held - len(data):
            self._link.pause_reading()
        self._came.set()

    def eof_received(self) -> None:
        """The server sends no more."""
        self._ended = True
        self._came.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._ended = True
        self._error = exc
        self._came.set()
        self._writable.set()

    def pause_writing(self) -> None:
        """The server takes no more for now."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It takes more."""
        self._writable.set()


async def connect(origin: Origin, tls: ssl.SSLContext | None, seconds: float) -> Wire:
    """A new connection, over TLS where there is a context for it.

    :param seconds: for name, connection and handshake together.
    :raises NameUnknown, NoConnection, ssl.SSLError, OSError:
    """
    loop = asyncio.get_running_loop()
    reached: list[socket.socket] = []
    try:
        async with asyncio.timeout(seconds):
            attempts = [partial(_reach, reached, *address) for address in await addresses(origin)]
            joined, _, errors = await staggered_race(attempts, _NEXT_ADDRESS, loop=loop)
            if joined is None:
                raise next(error for error in errors if error is not None)
            name = origin.host if tls else None
            _, wire = await loop.create_connection(Wire, sock=joined, ssl=tls, server_hostname=name)
            return wire
    except BaseException as error:
        # Whoever is cancelled between the end of the race and here never gets to know who won it.
        for each in reached:
            each.close()
        if isinstance(error, TimeoutError):
            raise NoConnection from None
        raise


async def addresses(origin: Origin) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
    """Where a host may be asked: not at link-local addresses, where clouds keep their metadata services.

    :raises NameUnknown: nowhere.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            origin.host, origin.port, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError) as error:
        raise NameUnknown from error
    usable: list[tuple[socket.AddressFamily, tuple[str, int]]] = [
        (family, (str(at[0]), int(at[1]))) for family, _, _, _, at in found if not is_link_local(str(at[0]))
    ]
    if not usable:
        raise NameUnknown
    return usable


async def _reach(
    reached: list[socket.socket], family: socket.AddressFamily, address: tuple[str, int]
) -> socket.socket:
    """A connection, which stands in `reached` from the moment it is made."""
    joined = socket.socket(family, socket.SOCK_STREAM)
    try:
        joined.setblocking(False)
        joined.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(joined, address)
    except BaseException:
        joined.close()
        raise
    reached.append(joined)
    return joined
