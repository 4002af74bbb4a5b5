"""One request and its answer over one connection, HTTP/1.1 (RFC 9112) as `h11` speaks it.

A body whose length is told beforehand, which is to say every layer, goes past `h11`: its chunks are those
that the kernel gave.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Self

import h11

from engine.registry.wire import Wire

_LARGEST_HEAD = 64 * 1024  # bytes

Body = bytes | Callable[[], AsyncIterator[bytes]]  # a function, because it may have to be sent again


class Broken(ConnectionError):
    """The server closed the connection before its answer was whole."""


class Headers(Mapping[str, str]):
    """The fields of an answer; names in any case, the first of several where one is asked for."""

    def __init__(self, fields: Iterable[tuple[bytes, bytes]]) -> None:
        self._fields = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in fields]

    def __getitem__(self, name: str) -> str:
        for value in self.all(name):
            return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._fields))

    def __len__(self) -> int:
        return len(dict(self._fields))

    def all(self, name: str) -> list[str]:
        """Every value of a name."""
        return [value for known, value in self._fields if known == name.lower()]


class Answer:
    """A status, headers, and a body that is still to be read. A context manager, which lets go of it.

    :param url: where it came from. :param length: bytes of the body, or None where they are not told.
    """

    def __init__(self, exchange: Exchange, head: h11.Response, url: str, method: str) -> None:
        self.status = head.status_code
        self.reason = head.reason.decode("latin-1")
        self.headers = Headers(head.headers)
        self.url = url
        self.method = method
        length = self.headers.get("Content-Length", "")
        self.length = int(length) if length and "Transfer-Encoding" not in self.headers else None
        self._exchange = exchange

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._exchange.end()

    def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes.

        :raises Silence, Broken, OSError, h11.ProtocolError:
        """
        bodiless = self.method == "HEAD" or self.status in (204, 304)
        return self._exchange.body(0 if bodiless else self.length)


class Exchange:
    """One request on its way, and what comes back.

    :param keep: takes the connection back when another request may use it.
    :param silence: seconds that the server may send nothing.
    """

    def __init__(self, wire: Wire, keep: Callable[[Wire], None], silence: float) -> None:
        self._wire = wire
        self._keep = keep
        self._silence = silence
        self._speech = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
        self._sending: asyncio.Task[None] | None = None
        self._refused = False  # the server takes no more of the request
        self._heard = False
        self._whole = False  # the answer was read to its end, and nothing came after it
        self._lasting = False

    async def ask(
        self, method: str, target: str, headers: list[tuple[str, str]], body: Body | None
    ) -> h11.Response:
        """Send a request; the head of its answer, which may come before all is sent.

        :raises Silence, Broken, OSError, h11.ProtocolError:
        """
        if isinstance(body, bytes):
            headers = [*headers, ("Content-Length", str(len(body)))]
        elif body is not None and not any(name == "Content-Length" for name, _ in headers):
            headers = [*headers, ("Transfer-Encoding", "chunked")]
        head = self._speech.send(h11.Request(method=method, target=target, headers=headers))
        assert head is not None
        await self._wire.send(head)
        self._sending = asyncio.create_task(self._send(body))
        return await self._head()

    @property
    def is_stale(self) -> bool:
        """The connection was used before, and broke before it brought anything: a new one may do better."""
        return self._wire.used and not self._heard

    async def body(self, length: int | None) -> AsyncGenerator[bytes, None]:
        """What follows the head; see `Answer.chunks`."""
        if length is None:
            async for chunk in self._told_piecemeal():
                yield chunk
            return
        begun, _ = self._speech.trailing_data
        left = length
        chunk = begun
        while True:
            if len(chunk) > left:
                yield chunk[:left]
                return  # what comes after it belongs to nobody: the connection is not used again
            left -= len(chunk)
            if chunk:
                yield chunk
            if not left:
                break
            chunk = await self._receive()
        self._whole = True

    async def end(self) -> None:
        """Let go of the connection: for another request, or for good."""
        sent = True
        if self._sending is not None and not self._sending.done():
            sent = False
            self._sending.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._sending
        if self._whole and self._lasting and sent and self._wire.is_quiet:
            self._wire.used = True
            self._keep(self._wire)
        else:
            self._wire.close()

    async def _send(self, body: Body | None) -> None:
        if isinstance(body, bytes):
            await self._say(h11.Data(data=body))
        elif body is not None:
            async for chunk in body():
                await self._say(h11.Data(data=chunk))
        await self._say(h11.EndOfMessage())

    async def _say(self, event: h11.Data | h11.EndOfMessage) -> None:
        data = self._speech.send(event)
        try:
            await self._wire.send(data or b"")
        except OSError:
            self._refused = True
            raise

    async def _head(self) -> h11.Response:
        while True:
            event = self._speech.next_event()
            if event is h11.NEED_DATA:
                self._speech.receive_data(await self._receive_beside_sending())
                self._heard = True
            elif isinstance(event, h11.Response):
                closing = any(
                    name == b"connection" and b"close" in value.lower() for name, value in event.headers
                )
                self._lasting = event.http_version == b"1.1" and not closing
                return event
            elif not isinstance(event, h11.InformationalResponse):
                raise Broken

    async def _receive_beside_sending(self) -> bytes:
        """The next bytes, or why the request could not be sent."""
        assert self._sending is not None
        receiving = asyncio.create_task(self._receive())
        try:
            waited = {receiving} if self._sending.done() else {receiving, self._sending}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if not receiving.done():
                error = self._sending.exception()
                # A server that refuses what it is sent may have said why before it closed; where the bytes
                # come from has nothing to do with it.
                if error is not None and not self._refused:
                    raise error
            return await receiving
        finally:
            receiving.cancel()

    async def _receive(self) -> bytes:
        data = await self._wire.receive(self._silence)
        if not data:
            raise Broken
        return data

    async def _told_piecemeal(self) -> AsyncGenerator[bytes, None]:
        """A body in chunks (RFC 9112, 7.1), or one that ends with the connection."""
        while True:
            event = self._speech.next_event()
            if event is h11.NEED_DATA:
                # An end is for h11 to judge: without a length it is the body's.
                self._speech.receive_data(await self._wire.receive(self._silence))
            elif isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                self._whole = not self._speech.trailing_data[0]
                return
            else:
                raise Broken
