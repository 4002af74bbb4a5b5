"""One blob's way into a registry: begun, sent, taken up again where it broke, and named by its digest.

Source: OCI distribution-spec 1.1, "Pushing Blobs".
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import urlsplit, urlunsplit

from engine.errors import DigestMismatch, LaminaError, Unavailable
from engine.oci import Descriptor
from engine.registry.connections import location
from engine.registry.retry import Interrupted
from engine.registry.transport import Answer, Request, Transport

SMALL = 1 << 20  # bytes; a blob up to this size goes in one request
_PART = 16 << 20  # bytes of one request where a registry refuses larger ones
_PROGRESS = 1 << 20  # what a registry must have kept more than before, to count failures anew
_ANSWER_LIMIT = 64 << 10  # bytes
_ACCEPTED = (HTTPStatus.ACCEPTED, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT, HTTPStatus.OK)
# A registry that forgot an upload, or what it has of it, says one of these; then it begins anew.
_LOST = (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
_OCTETS = "application/octet-stream"

Read = Callable[[int], AsyncGenerator[bytes, None]]
OnSent = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Session:
    """An upload that the registry has opened.

    :param url: where it goes on, as the registry says after each answer.
    :param least: bytes that every part but the last must have.
    """

    url: str
    least: int = 0


class Upload:
    """Sends one blob.

    :param request: of this repository, scopes and words; its path is where uploads begin.
    :param read: the blob's bytes from an offset on.
    :param on_sent: called with the bytes that are on the other side.
    :param is_there: whether the other side has the whole blob.
    """

    def __init__(
        self,
        transport: Transport,
        request: Request,
        descriptor: Descriptor,
        read: Read,
        on_sent: OnSent,
        is_there: Callable[[], Awaitable[bool]],
    ) -> None:
        self._transport = transport
        self._request = request
        self._descriptor = descriptor
        self._read = read
        self._on_sent = on_sent
        self._is_there = is_there
        self._part = descriptor.size  # bytes of one request

    async def run(self, session: Session | None) -> None:
        """Send it all.

        :param session: opened already, or None.
        :raises DigestMismatch: the registry found other bytes than the digest names.
        :raises LaminaError: what reading it raises, and what registries refuse.
        """
        patience = self._transport.patience(self._request)
        position, most, broken, ending = 0, 0, 0, False
        while True:
            try:
                if session is None:
                    session, position = await self._begin(), 0
                elif broken:
                    session, position = await self._where(session)
                while True:
                    if position - most >= _PROGRESS:
                        patience.progressed()
                        broken, most = 0, position
                    if position == self._descriptor.size or self._descriptor.size <= SMALL:
                        break
                    session, position = await self._send_part(session, position)
                ending = True
                await self._finish(session)
                return
            except Interrupted as failure:
                broken += 1
                # A registry may still be waiting for the rest of what broke: then it begins anew.
                session = None if isinstance(failure, Lost) or broken > 1 else session
                # What broke may have been too much at once; and smaller parts lose less.
                self._part = min(self._part, _PART)
                await patience.after(failure)
                if ending and await self._is_there():
                    return  # only the answer was lost
                ending = False

    async def _begin(self) -> Session:
        answer = await self._ask(replace(self._request, method="POST", body=b""), lost=())
        return self._session(answer, None)

    async def _where(self, session: Session) -> tuple[Session, int]:
        """How much of it the registry has kept."""
        answer = await self._ask(replace(self._request, path=session.url))
        kept = re.fullmatch(r"(?:bytes=)?0-(\d{1,18})", answer.headers.get("Range", "").strip(), re.ASCII)
        last = int(kept[1]) if kept else 0
        # `0-0` is said of nothing and of one byte alike; one byte is sent again.
        return self._session(answer, session), min(last + 1 if last else 0, self._descriptor.size)

    async def _send_part(self, session: Session, position: int) -> tuple[Session, int]:
        end = min(position + max(self._part, session.least), self._descriptor.size)
        headers = {
            "Content-Type": _OCTETS,
            "Content-Length": str(end - position),
            "Content-Range": f"{position}-{end - 1}",
        }
        request = replace(self._request, method="PATCH", path=session.url, headers=headers)
        try:
            answer = await self._stream(request, position, end)
        except TooLarge:
            if end - position <= _PART:
                raise Unavailable(
                    f"{self._request.what}: {self._request.domain} refuses {end - position} bytes at once",
                    hint="let whoever runs it raise the limit of what may be sent to it",
                ) from None
            self._part = _PART
            return await self._where(session)
        return self._session(answer, session), end

    async def _finish(self, session: Session) -> None:
        """Say that it is whole; a small blob travels with these words."""
        separator = "&" if urlsplit(session.url).query else "?"
        url = f"{session.url}{separator}digest={self._descriptor.digest.replace(':', '%3A')}"
        body = await self._small() if self._descriptor.size <= SMALL else b""
        request = replace(self._request, method="PUT", path=url, headers={"Content-Type": _OCTETS})
        await self._ask(replace(request, body=body))
        self._on_sent(self._descriptor.size)

    async def _small(self) -> bytes:
        async with aclosing(self._read(0)) as chunks:
            return b"".join([chunk async for chunk in chunks])

    async def _stream(self, request: Request, start: int, end: int) -> Answer:
        sending = _Sending(self._read, start, end, self._on_sent, self._transport.policy.stall)
        try:
            async with sending.watched(self._transport.policy.settle):
                return await self._ask(replace(request, body=sending.body))
        except TimeoutError:
            raise Interrupted("does not take what is sent", answered=True) from None
        except Interrupted:
            if sending.error is not None:
                raise sending.error from None  # not the registry is at fault but where the bytes come from
            raise

    async def _ask(self, request: Request, lost: tuple[int, ...] = _LOST) -> Answer:
        statuses = (*_ACCEPTED, *lost, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        async with self._transport.open(replace(request, success=statuses)) as response:
            body = bytearray()
            async for chunk in response.chunks():
                body += chunk[: _ANSWER_LIMIT - len(body)]
                if len(body) >= _ANSWER_LIMIT:
                    break
            if response.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                raise TooLarge("it refuses so many bytes at once")
            if response.status in lost:
                raise self._lost(response.status, bytes(body))
            return Answer(response.status, response.headers, bytes(body))

    def _lost(self, status: int, body: bytes) -> Exception:
        if b'"DIGEST_INVALID"' in body:
            return DigestMismatch(
                f"{self._request.what}: {self._request.domain} got other bytes than the digest names",
                hint="the copy that was sent is damaged, or it was changed on its way",
            )
        return Lost(f"it answered {status} and forgot what it was sent")

    def _session(self, answer: Answer, before: Session | None) -> Session:
        to = answer.headers.get("Location", "")
        if not to and before is not None:
            return before
        base = self._transport.url(self._request.domain)
        least = answer.headers.get("OCI-Chunk-Min-Length", "")
        known = before.least if before else 0
        size = int(least) if least.isascii() and least.isdigit() and len(least) < 12 else known
        return Session(at_home(base, location(f"{base}/v2/", to)), size)


class Lost(Interrupted):
    """The registry has forgotten the upload; it begins anew."""


class TooLarge(Interrupted):
    """The registry, or what stands before it, takes fewer bytes at once."""


class _Sending:
    """The bytes of one request, with a watch on how long the other side takes none of them."""

    def __init__(self, read: Read, start: int, end: int, on_sent: OnSent, stall: float) -> None:
        self._read = read
        self._start, self._end = start, end
        self._on_sent = on_sent
        self._stall = stall
        self._settle = stall
        self._limit = asyncio.timeout(None)
        self.error: LaminaError | None = None

    def watched(self, settle: float) -> asyncio.Timeout:
        """The watch: a context manager to send in.

        :param settle: seconds to answer when all is sent.
        """
        self._settle = settle
        self._limit = asyncio.timeout(self._stall + settle)  # until the first byte is asked for
        return self._limit

    async def body(self) -> AsyncIterator[bytes]:
        """The bytes, once more from the start each time it is called."""
        position = self._start
        try:
            async with aclosing(self._read(position)) as chunks:
                async for chunk in chunks:
                    chunk = chunk[: self._end - position]
                    position += len(chunk)
                    self._expire_in(self._stall)
                    yield chunk
                    # Reading more may take as long as it takes: it has a watch of its own.
                    self._expire_in(None)
                    self._on_sent(position)
                    if position >= self._end:
                        break
        except LaminaError as error:
            self.error = error
            raise
        self._expire_in(self._settle)

    def _expire_in(self, seconds: float | None) -> None:
        if not self._limit.expired():
            now = asyncio.get_running_loop().time()
            self._limit.reschedule(None if seconds is None else now + seconds)


def at_home(base: str, url: str) -> str:
    """`url`, at the registry's own address where it means the registry.

    Behind a proxy that ends TLS, registries say `http` of themselves.
    """
    ours, theirs = urlsplit(base), urlsplit(url)
    if ours.netloc == theirs.netloc:
        return urlunsplit(theirs._replace(scheme=ours.scheme))
    return url
