"""One request to a registry: authorised, its failures told apart, its answer read within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import NamedTuple, Self

from engine.errors import LimitExceeded, Unavailable
from engine.oci.quote import quoted
from engine.registry.authority import Authority, wrong_password
from engine.registry.challenge import parse_challenges
from engine.registry.connections import Call, Connections
from engine.registry.credentials import CredentialSource, DockerCredentials
from engine.registry.exchange import Answer as Reply
from engine.registry.exchange import Body
from engine.registry.failures import FAILURES, failures_told_apart
from engine.registry.hosts import Origin, registry_url
from engine.registry.limits import RateLimit, read_rate_limit
from engine.registry.problems import ERROR_LIMIT, answer_about, refusal
from engine.registry.retry import Interrupted, Patience, RetryPolicy, is_retried, retry_after
from engine.registry.tokens import TOKEN_LIMIT, Scopes
from engine.settings import Settings

_ERROR_SECONDS = 10.0  # for the words that come with an error


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a registry.

    :param domain: the registry, as in a reference.
    :param scopes: what a token for it must allow, such as `repository:lab/web:pull`.
    :param path: of the URL, from `/v2/` on, percent-encoded; or a whole URL that the registry gave.
    :param what: the same in words, for errors.
    :param success: HTTP statuses that are an answer.
    :param body: what is sent along.
    :param brief: give up after a second attempt, for there is another place to ask.
    """

    domain: str
    scopes: Scopes
    path: str
    what: str
    headers: Mapping[str, str]
    success: Collection[int] = (HTTPStatus.OK,)
    method: str = "GET"
    body: Body | None = field(default=None, repr=False)
    brief: bool = False


class Answer(NamedTuple):
    """A whole answer, read within its bound."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """The way to registries of one client; an async context manager.

    :param credentials: who we are; what the settings name where None.
    """

    def __init__(
        self, settings: Settings, policy: RetryPolicy, credentials: CredentialSource | None = None
    ) -> None:
        self.policy = policy
        self.rate_limits: dict[str, RateLimit] = {}  # by registry, what it said last
        self._insecure = settings.insecure_registries
        self._connections = Connections(policy, settings.certificate_directories)
        source = credentials or DockerCredentials(settings.credential_files)
        self._authority = Authority(source, settings.token_servers)

    async def __aenter__(self) -> Self:
        await self._connections.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connections.__aexit__()

    def patience(self, request: Request) -> Patience:
        """The attempts that one request gets."""
        policy = self.policy._replace(attempts=2) if request.brief else self.policy
        return Patience(policy, request.what, request.domain)

    def url(self, domain: str) -> str:
        """Where a registry answers, without a final slash."""
        return registry_url(domain, self._insecure)

    async def fetch(self, request: Request, limit: int) -> Answer:
        """The whole answer, after as many attempts as patience allows.

        :param limit: bytes the body may have.
        :raises LimitExceeded, NotFound, Unauthorized, PermissionDenied, Unavailable, Malformed:
        """
        patience = self.patience(request)
        seconds = self.policy.document if request.body is None else self.policy.settle
        while True:
            try:
                async with asyncio.timeout(seconds), self.open(request) as response:
                    body = await _read_bounded(response, request.what, limit)
                    return Answer(response.status, response.headers, body)
            except TimeoutError:
                await patience.after(Interrupted(f"no whole answer in {seconds:g} seconds"))
            except Interrupted as failure:
                await patience.after(failure)

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncGenerator[Reply, None]:
        """One attempt: an answer whose status is a success, its body not read yet.

        :raises Interrupted: it failed in a way that may pass, also while the body is read inside.
        :raises NotFound, Unauthorized, PermissionDenied, Unavailable, Malformed:
        """
        with failures_told_apart(request.domain):
            response = await self._authorized(request)
            async with response:
                self._note_limit(request.domain, response)
                if response.status not in request.success:
                    await self._refuse(response, request.what, request.domain)
                yield response

    async def _authorized(self, request: Request) -> Reply:
        base = self.url(request.domain)
        url = base + request.path if request.path.startswith("/") else request.path
        origin, target = Origin.of(base), Origin.of(url)
        own = target == origin  # another place that the registry named gets nothing of ours
        if not origin.may_lead_to(target):
            raise Unavailable(
                f"{origin.host} sends us to {target.scheme}://{target.host}, where we do not go",
                hint="an upload may not leave https, nor lead into this machine",
            )
        known = self._authority.known(origin, request.scopes) if own else ""
        call = Call(url, request.method, request.headers, known, request.body)
        response = await self._connections.send(call)
        # Only the registry itself may ask who we are, not a place it led us to.
        asked_by = Origin.of(response.url)
        if response.status != HTTPStatus.UNAUTHORIZED or not own or asked_by != origin:
            return response
        challenges = parse_challenges(response.headers.all("WWW-Authenticate"))
        said = await _read_some(response)

        async def ask(token_call: Call) -> bytes:
            return await self._token(token_call, request)

        with answer_about(request.what):
            authorization = await self._authority.answer(
                request.domain, origin, request.scopes, challenges, known, ask
            )
        if authorization is None:
            raise refusal(HTTPStatus.UNAUTHORIZED, request.what, request.domain, said)
        return await self._connections.send(
            Call(url, request.method, request.headers, authorization, request.body)
        )

    async def _token(self, call: Call, request: Request) -> bytes:
        async with await self._connections.send(call) as response:
            if response.status != HTTPStatus.OK:
                shown = bool(call.authorization or call.body)
                if error := wrong_password(request.domain, response.status, shown):
                    raise error
                await self._refuse(response, request.what, Origin.of(call.url).host)
            return await _read_bounded(response, "the token", TOKEN_LIMIT)

    def _note_limit(self, domain: str, response: Reply) -> None:
        if limit := read_rate_limit(response.headers):
            self.rate_limits[domain] = limit

    async def _refuse(self, response: Reply, what: str, host: str) -> None:
        """:raises Interrupted, LaminaError: always; an answer that is no success."""
        limit = self.rate_limits.get(host)
        if response.status == HTTPStatus.TOO_MANY_REQUESTS and limit is not None and limit.remaining == 0:
            raise Unavailable(
                f"{what}: {host} lets us pull no more for now: {limit}",
                hint=f"wait, or pull as somebody whom it grants more: lamina login {host}",
            )
        if is_retried(response.status):
            wait = retry_after(response.headers.get("Retry-After"))
            said = f"answered {response.status} {quoted(response.reason)[1:-1]}".rstrip()
            raise Interrupted(said, wait, answered=True)
        raise refusal(response.status, what, host, await _read_some(response))


async def _read_bounded(response: Reply, what: str, limit: int) -> bytes:
    body = bytearray()
    if response.method == "HEAD":  # whose length is that of what GET would send
        return b""
    if (response.length or 0) <= limit:
        async for chunk in response.chunks():
            body += chunk
            if len(body) > limit:
                break
        else:
            return bytes(body)
    raise LimitExceeded(f"{what}: the answer has more than {limit} bytes", hint="no real image needs as many")


async def _read_some(response: Reply) -> bytes:
    """The start of an error's body, or nothing: it only decorates the error that there is already."""
    body = bytearray()
    with suppress(TimeoutError, *FAILURES):
        async with asyncio.timeout(_ERROR_SECONDS), response:
            async for chunk in response.chunks():
                body += chunk
                if len(body) >= ERROR_LIMIT:
                    break
    return bytes(body[:ERROR_LIMIT])
