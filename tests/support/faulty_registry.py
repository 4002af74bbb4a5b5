"""A registry that fails on purpose: faults that are injected into the answers of the embedded one.

    faults = Faults(directory)
    faults.inject(Fault.RESET, "/blobs/sha256:…", at=1000)
    async with EmbeddedRegistry(directory, middlewares=[faults.middleware]) as server: ...

Each fault hits the next `times` requests whose path holds a text, then the registry is honest again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum

from aiohttp import web
from aiohttp.typedefs import Handler

from engine.oci import Digest
from engine.registry import RegistryDirectory

FOR_EVER = 1 << 30


class Fault(StrEnum):
    """What goes wrong."""

    STALL = "stall"  # a part comes, then nothing more
    SILENCE = "silence"  # not even an answer begins
    RESET = "reset"  # a part comes, then the connection breaks
    REFUSED = "refused"  # the connection breaks before the answer
    TRUNCATED = "truncated"  # the answer ends early, as if it were whole
    WRONG_RANGE = "wrong range"  # another part than was asked for
    NO_RANGE = "no range"  # the whole, though a part was asked for
    WRONG_LENGTH = "wrong length"  # it says one byte more than it has
    FLIPPED = "flipped"  # one byte is another
    UNAUTHORIZED = "401"
    TOO_MANY = "429"
    SERVER_ERROR = "500"
    ENDLESS = "endless"
    DRIP = "drip"  # a few bytes at a time, without an end


@dataclass(slots=True)
class _Injected:
    fault: Fault
    path: str
    methods: frozenset[str]
    times: int
    at: int


@dataclass(frozen=True, slots=True)
class Hit:
    """One request that met a fault."""

    fault: Fault
    method: str
    path: str


@dataclass
class Faults:
    """The faults of one registry.

    :param directory: what the registry serves.
    :param drip: bytes of one drop; :param pause: seconds between two drops.
    :param documents: by path, JSON that is served beside the registry's own, and fails like these.
    :param hits: what has been hit, in order.
    """

    directory: RegistryDirectory
    drip: int = 1
    pause: float = 0.02
    documents: dict[str, bytes] = field(default_factory=dict)
    hits: list[Hit] = field(default_factory=list)
    _injected: list[_Injected] = field(default_factory=list)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    def inject(
        self, fault: Fault, path: str, *, times: int = 1, at: int = 0, methods: tuple[str, ...] = ("GET",)
    ) -> None:
        """Let the next requests fail.

        :param path: a text that their path holds.
        :param at: bytes of the answer that come before the fault; of an upload, that are taken before.
        """
        self._injected.append(_Injected(fault, path, frozenset(methods), times, at))

    def mend(self) -> None:
        """Be honest from now on."""
        self._injected.clear()

    def stop(self) -> None:
        """Let go of whoever is kept waiting."""
        self._stop.set()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Put before the handlers of `EmbeddedRegistry`."""
        injected = self._take(request)
        if injected is None:
            if request.path in self.documents:
                return web.Response(body=self.documents[request.path], content_type="application/json")
            return await handler(request)
        self.hits.append(Hit(injected.fault, request.method, request.path))
        match injected.fault:
            case Fault.UNAUTHORIZED:
                return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
            case Fault.TOO_MANY:
                return web.Response(status=429, headers={"Retry-After": "0"})
            case Fault.SERVER_ERROR:
                return web.Response(status=500)
            case Fault.SILENCE:
                await self._stop.wait()
                return web.Response(status=503)
            case Fault.REFUSED:
                return _cut(request)
        if request.method in ("PATCH", "PUT", "POST"):
            return await self._upload(request, handler, injected)
        return await self._answer(request, injected)

    def _take(self, request: web.Request) -> _Injected | None:
        for injected in self._injected:
            if injected.path in request.path and request.method in injected.methods and injected.times:
                injected.times -= 1
                return injected
        return None

    async def _upload(
        self, request: web.Request, handler: Handler, injected: _Injected
    ) -> web.StreamResponse:
        """Fail while a blob is sent."""
        request._cache["content"] = _Broken(request, injected, self._stop)
        with contextlib.suppress(ConnectionError):
            return await handler(request)
        return _cut(request)

    async def _answer(self, request: web.Request, injected: _Injected) -> web.StreamResponse:
        whole = await asyncio.to_thread(self._whole, request)
        start = request.http_range.start or 0
        data = whole[start:]
        response = web.StreamResponse(status=206 if start else 200)
        response.content_length = len(data)
        span = f"bytes {start}-{len(whole) - 1}/{len(whole)}"
        match injected.fault:
            case Fault.NO_RANGE:
                response.set_status(200)
                data, span = whole, ""
                response.content_length = len(whole)
            case Fault.WRONG_RANGE:
                response.set_status(206)
                span = f"bytes {start + 1}-{len(whole) - 1}/{len(whole)}"
            case Fault.WRONG_LENGTH:
                response.content_length = len(data) + 1
                data += b"\0"
            case Fault.FLIPPED:
                place = min(injected.at, len(data) - 1)
                data = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            case Fault.ENDLESS | Fault.DRIP | Fault.TRUNCATED:
                response.content_length = None
                response.enable_chunked_encoding()
        if response.status == 206:
            response.headers["Content-Range"] = span
        if content_type := self._media_type(request):
            response.content_type = content_type
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):  # whoever asked may have had enough
            await self._body(request, response, data, injected)
        return response

    def _media_type(self, request: web.Request) -> str:
        found = request.match_info
        if "reference" not in found:
            return ""
        return self.directory.manifest(found["name"], found["reference"]).media_type

    def _whole(self, request: web.Request) -> bytes:
        """What an honest registry has under this address."""
        if request.path in self.documents:
            return self.documents[request.path]
        found = request.match_info
        if "digest" in found:
            return self.directory.blob(Digest.parse(found["digest"])).read_bytes()
        manifest = self.directory.manifest(found["name"], found["reference"])
        return self.directory.blob(manifest.digest).read_bytes()

    async def _body(
        self, request: web.Request, response: web.StreamResponse, data: bytes, injected: _Injected
    ) -> None:
        match injected.fault:
            case Fault.STALL:
                await response.write(data[: injected.at])
                await self._stop.wait()
            case Fault.RESET:
                await response.write(data[: injected.at])
                _cut(request)
            case Fault.TRUNCATED:
                await response.write(data[: injected.at])
            case Fault.ENDLESS:
                await response.write(data)
                while not self._stop.is_set():
                    await response.write(b"\0" * 65536)
            case Fault.DRIP:
                for place in range(0, len(data), self.drip):
                    await response.write(data[place : place + self.drip])
                    if await _is_set_within(self._stop, self.pause):
                        return
            case _:
                await response.write(data)


class _Broken:
    """What a handler reads of an upload that fails on its way."""

    def __init__(self, request: web.Request, injected: _Injected, stop: asyncio.Event) -> None:
        self._request = request
        self._content = request.content
        self._injected = injected
        self._stop = stop

    async def iter_any(self) -> AsyncIterator[bytes]:
        """The first bytes, then the fault."""
        left = self._injected.at
        async for chunk in self._content.iter_any():
            if chunk[:left]:
                yield chunk[:left]
            left -= len(chunk)
            if left <= 0:
                break
        if self._injected.fault is Fault.STALL:
            while self._request.transport is not None and not await _is_set_within(self._stop, 0.02):
                pass  # until whoever sends has had enough
        if self._request.transport is not None:
            self._request.transport.abort()
        raise ConnectionResetError


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.close()  # after what is written
    return web.Response()
