"""One request to a registry: authorised, redirected as far as is safe, its failures told apart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from engine import __version__
from engine.errors import LimitExceeded, Malformed, Unavailable
from engine.oci.quote import quoted
from engine.registry.challenge import parse_challenges
from engine.registry.failures import failures_told_apart
from engine.registry.hosts import Origin, registry_url
from engine.registry.problems import ERROR_LIMIT, refusal
from engine.registry.resolver import NetResolver
from engine.registry.retry import Interrupted, Patience, RetryPolicy, is_retried, retry_after
from engine.registry.tokens import TOKEN_LIMIT, Tokens

_ERROR_SECONDS = 10.0  # for the words that come with an error
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_WAY = 5  # redirects
_BUFFER = 1 << 20  # bytes read ahead; fewer wake-ups, larger chunks


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a registry.

    :param domain: the registry, as in a reference.
    :param repository: the path in it, which the token is for.
    :param path: of the URL, from `/v2/` on, percent-encoded.
    :param what: the same in words, for errors.
    :param success: HTTP statuses that are an answer.
    """

    domain: str
    repository: str
    path: str
    what: str
    headers: Mapping[str, str]
    success: Collection[int] = (HTTPStatus.OK,)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, read within its bound."""

    headers: Mapping[str, str]
    body: bytes


class Transport:
    """The connections of one client; an async context manager.

    :param insecure: names of registries that are spoken to over plain HTTP.
    """

    def __init__(self, insecure: tuple[str, ...], policy: RetryPolicy) -> None:
        self._insecure = insecure
        self._policy = policy
        self._tokens = Tokens()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            # What travels is digested as it travels, so nothing on the way may unpack it.
            auto_decompress=False,
            # How many connections there are is decided by those who ask.
            connector=aiohttp.TCPConnector(limit=0, resolver=NetResolver()),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"lamina/{__version__}", "Accept-Encoding": "identity"},
            read_bufsize=_BUFFER,
            timeout=aiohttp.ClientTimeout(
                total=None, connect=self._policy.connect, sock_read=self._policy.stall
            ),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def patience(self, request: Request) -> Patience:
        """The attempts that one request gets."""
        return Patience(self._policy, request.what, request.domain)

    async def fetch(self, request: Request, limit: int) -> Answer:
        """The whole answer, after as many attempts as patience allows.

        :param limit: bytes the body may have.
        :raises LimitExceeded, NotFound, Unauthorized, PermissionDenied, Unavailable, Malformed:
        """
        patience = self.patience(request)
        while True:
            try:
                async with asyncio.timeout(self._policy.document), self.open(request) as response:
                    body = await _read_bounded(response, request.what, limit)
                    return Answer(response.headers, body)
            except TimeoutError:
                await patience.after(Interrupted(f"no whole answer in {self._policy.document:g} seconds"))
            except Interrupted as failure:
                await patience.after(failure)

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncGenerator[aiohttp.ClientResponse, None]:
        """One attempt: an answer whose status is a success, its body not read yet.

        :raises Interrupted: it failed in a way that may pass, also while the body is read inside.
        :raises NotFound, Unauthorized, PermissionDenied, Unavailable, Malformed:
        """
        with failures_told_apart(request.domain):
            response = await self._authorized(request)
            async with response:
                if response.status not in request.success:
                    await _refuse(response, request.what, request.domain)
                yield response

    async def _authorized(self, request: Request) -> aiohttp.ClientResponse:
        base = registry_url(request.domain, self._insecure)
        origin = Origin.of(base)
        scope = f"repository:{request.repository}:pull"
        token = self._tokens.cached(origin, scope)
        response = await self._follow(base + request.path, request.headers, token)
        # Only the registry itself may ask for a token, not a place it led us to.
        if response.status != HTTPStatus.UNAUTHORIZED or Origin.of(str(response.url)) != origin:
            return response
        challenges = parse_challenges(response.headers.getall("WWW-Authenticate", ()))
        body = await _read_some(response)

        async def fetch(url: str) -> bytes:
            return await self._token(url, request)

        token = await self._tokens.renew(origin, scope, challenges, token, fetch)
        if token is None:
            raise refusal(HTTPStatus.UNAUTHORIZED, request.what, request.domain, body)
        return await self._follow(base + request.path, request.headers, token)

    async def _token(self, url: str, request: Request) -> bytes:
        async with await self._follow(url, {"Accept": "application/json"}, None) as response:
            if response.status != HTTPStatus.OK:
                await _refuse(response, request.what, Origin.of(url).host)
            return await _read_bounded(response, "the token", TOKEN_LIMIT)

    async def _follow(
        self, url: str, headers: Mapping[str, str], token: str | None
    ) -> aiohttp.ClientResponse:
        assert self._session is not None, "used outside of its context"
        origin = Origin.of(url)
        for _ in range(_LONGEST_WAY + 1):
            authorization = {"Authorization": f"Bearer {token}"} if token else {}
            response = await self._session.get(
                URL(url, encoded=True), headers={**headers, **authorization}, allow_redirects=False
            )
            if response.status not in _REDIRECTS:
                return response
            async with response:
                url = _location(url, response.headers.get("Location", ""))
            target = Origin.of(url)
            if not origin.may_lead_to(target):
                raise Unavailable(
                    f"{origin.host} sends us to {target.scheme}://{target.host}, where we do not follow",
                    hint="a redirect may not leave https, nor lead into this machine",
                )
            if target != origin:
                token = None  # and it stays away, even if the way leads back
            origin = target
        raise Unavailable(f"{origin.host} sends us in circles", hint="ask who runs the registry")


def _location(url: str, location: str) -> str:
    target = urljoin(url, location)
    # The text goes into a request line as it is, because signed URLs break when they are quoted anew.
    if not location or not target.isascii() or not target.isprintable() or " " in target:
        raise Malformed(f"{Origin.of(url).host} sends us to no address: {quoted(location)}")
    return target.partition("#")[0]


async def _refuse(response: aiohttp.ClientResponse, what: str, host: str) -> None:
    """:raises Interrupted, LaminaError: always; an answer that is no success."""
    if is_retried(response.status):
        wait = retry_after(response.headers.get("Retry-After"))
        raise Interrupted(
            f"it answered {response.status} {quoted(response.reason or '')[1:-1]}".rstrip(), wait
        )
    raise refusal(response.status, what, host, await _read_some(response))


async def _read_bounded(response: aiohttp.ClientResponse, what: str, limit: int) -> bytes:
    body = bytearray()
    if (response.content_length or 0) <= limit:
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > limit:
                break
        else:
            return bytes(body)
    raise LimitExceeded(f"{what}: the answer has more than {limit} bytes", hint="no real image needs as many")


async def _read_some(response: aiohttp.ClientResponse) -> bytes:
    """The start of an error's body, or nothing: it only decorates the error that there is already."""
    body = bytearray()
    with suppress(aiohttp.ClientError, TimeoutError):
        async with asyncio.timeout(_ERROR_SECONDS), response:
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) >= ERROR_LIMIT:
                    break
    return bytes(body[:ERROR_LIMIT])
