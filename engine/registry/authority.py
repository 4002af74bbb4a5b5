"""What we say of ourselves to a registry, and to whom else: the only place that shows a password.

A credential goes to the registry it is for, and to the place of that registry's tokens if that is the same
host, or one that built-in knowledge or the settings name; always over TLS, or on loopback.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from engine.errors import Unauthorized
from engine.registry.challenge import Challenge
from engine.registry.connections import Call
from engine.registry.credentials import DOCKER_HUB, Credential, CredentialSource
from engine.registry.hosts import Origin
from engine.registry.tokens import Scopes, Tokens, realm_of, token_form, token_url

# Docker Hub's tokens come from a host beside that of its registry.
_TOKEN_SERVERS = {DOCKER_HUB: ("auth.docker.io",)}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}

Ask = Callable[[Call], Awaitable[bytes]]


class Authority:
    """Answers registries that ask who we are.

    :param token_servers: hosts, by registry, that its credentials may be shown to besides itself.
    """

    def __init__(self, credentials: CredentialSource, token_servers: Mapping[str, tuple[str, ...]]) -> None:
        self._credentials = credentials
        self._token_servers = token_servers
        self._tokens = Tokens()
        self._basic: dict[Origin, str] = {}
        self._found: dict[str, Credential | None] = {}
        self._finding = asyncio.Lock()

    def known(self, origin: Origin, scopes: Scopes) -> str:
        """The `Authorization` that a registry took before; "" where it never asked for one."""
        token = self._tokens.cached(origin, scopes)
        return f"Bearer {token}" if token else self._basic.get(origin, "")

    async def answer(
        self,
        domain: str,
        origin: Origin,
        scopes: Scopes,
        challenges: tuple[Challenge, ...],
        stale: str,
        ask: Ask,
    ) -> str | None:
        """The `Authorization` for a registry that answered 401; None where we have none.

        :param stale: the one that it did not take, or "".
        :param ask: gets the body of the answer to a request for a token.
        :raises Unauthorized: it wants what must not be shown.
        """
        by_scheme = {challenge.scheme: challenge for challenge in reversed(challenges)}
        if bearer := by_scheme.get("bearer"):
            refused = stale.removeprefix("Bearer ") if stale.startswith("Bearer ") else None

            async def fetch() -> bytes:
                return await ask(await self._token_call(domain, origin, scopes, bearer))

            return f"Bearer {await self._tokens.renew(origin, scopes, refused, fetch)}"
        if "basic" in by_scheme:
            return await self._with_password(domain, origin, stale)
        return None

    async def _with_password(self, domain: str, origin: Origin, stale: str) -> str | None:
        credential = await self._credential(domain)
        if credential is None or not credential.username:
            return None
        if not _is_private(origin):
            raise _in_the_open(domain)
        authorization = _basic(credential)
        if authorization == stale:
            return None
        self._basic[origin] = authorization
        return authorization

    async def _token_call(self, domain: str, origin: Origin, scopes: Scopes, challenge: Challenge) -> Call:
        realm = realm_of(origin, challenge)
        credential = await self._credential(domain)
        if credential is None:
            return Call(token_url(realm, challenge, scopes, ""), headers={"Accept": "application/json"})
        place = Origin.of(realm)
        if not _is_private(origin) or not _is_private(place):
            raise _in_the_open(domain)
        if not self._may_see(domain, origin, place):
            raise Unauthorized(
                f"{domain} wants its password shown to {place.host}, which is another host",
                hint=f'if that is right: "{domain}" = ["{place.host}"] below [token-servers] in the settings',
            )
        if credential.identity_token:
            form = token_form(challenge, scopes, credential.identity_token)
            return Call(realm, "POST", _FORM, body=form, stays=True)
        url = token_url(realm, challenge, scopes, credential.username)
        return Call(url, headers={"Accept": "application/json"}, authorization=_basic(credential))

    def _may_see(self, domain: str, origin: Origin, place: Origin) -> bool:
        named = {*_TOKEN_SERVERS.get(domain, ()), *self._token_servers.get(domain, ())}
        return place.belongs_to(origin) or place.host in named or f"{place.host}:{place.port}" in named

    async def _credential(self, domain: str) -> Credential | None:
        async with self._finding:  # a helper program is not started for every layer
            if domain not in self._found:
                self._found[domain] = await self._credentials.find(domain)
            return self._found[domain]


def wrong_password(domain: str, status: int, credential_shown: bool) -> Unauthorized | None:
    """The error where a place of tokens refuses the password it was shown."""
    if not credential_shown or status != HTTPStatus.UNAUTHORIZED:
        return None
    return Unauthorized(
        f"{domain} does not accept the user's name and password", hint=f"log in anew: lamina login {domain}"
    )


def _is_private(origin: Origin) -> bool:
    return origin.is_secure or origin.is_loopback


def _in_the_open(domain: str) -> Unauthorized:
    return Unauthorized(
        f"the password for {domain} would travel without TLS",
        hint="passwords go over https or to this machine only; let the registry speak TLS",
    )


def _basic(credential: Credential) -> str:
    pair = f"{credential.username}:{credential.secret}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"
