"""Bearer tokens: asked for when a registry wants one, kept until they run out.

Source: distribution "Token Authentication Specification" and "OAuth 2".
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit, urlunsplit

from engine.errors import Malformed, Unauthorized
from engine.oci.quote import quoted
from engine.oci.strict import Fields, read_object
from engine.registry.challenge import Challenge
from engine.registry.hosts import Origin

TOKEN_LIMIT = 1 << 20  # bytes of the answer
_LONGEST_TOKEN = 64 << 10  # characters that fit into a header anywhere
_SHORTEST_LIFE = 60.0  # seconds, which the specification says to assume
_LONGEST_LIFE = 86400.0

Scopes = tuple[str, ...]
Fetch = Callable[[], Awaitable[bytes]]


@dataclass(slots=True)
class _Entry:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    token: str | None = None
    until: float = 0.0  # time.monotonic()


class Tokens:
    """The tokens of one client, one for each registry and what it is to allow."""

    def __init__(self) -> None:
        self._entries: dict[tuple[Origin, Scopes], _Entry] = {}

    def cached(self, origin: Origin, scopes: Scopes) -> str | None:
        """A token that should still be good, or None."""
        entry = self._entries.get((origin, scopes))
        return entry.token if entry and time.monotonic() < entry.until else None

    async def renew(self, origin: Origin, scopes: Scopes, stale: str | None, fetch: Fetch) -> str:
        """A token other than `stale`.

        Many layers may be refused at the same moment; the first asks, the others take what it got.

        :param fetch: gets the answer of the place that gives tokens, bounded to `TOKEN_LIMIT`.
        :raises Malformed: the answer holds no token.
        """
        entry = self._entries.setdefault((origin, scopes), _Entry())
        async with entry.lock:
            present = self.cached(origin, scopes)
            if present is not None and present != stale:
                return present
            known = ("token", "access_token", "expires_in", "refresh_token")
            fields = read_object(await fetch(), "token", TOKEN_LIMIT, known)
            entry.token, entry.until = _read_token(fields), time.monotonic() + _life(fields)
            return entry.token


def realm_of(origin: Origin, challenge: Challenge) -> str:
    """Where a registry says that its tokens come from.

    :raises Unauthorized: tokens must not come from there.
    """
    realm = challenge.parameters.get("realm", "")
    try:
        allowed = origin.may_lead_to(Origin.of(realm))
    except Malformed:
        allowed = False
    if not allowed or not realm.isascii() or not realm.isprintable() or " " in realm:
        raise Unauthorized(
            f"{origin.host} wants a token from {quoted(realm)}, where we do not ask",
            hint="a token must come over https, or from the registry itself",
        )
    return realm


def token_url(realm: str, challenge: Challenge, scopes: Scopes, account: str) -> str:
    """The address to get a token from.

    :param account: the user's name, "" for anybody.
    """
    # The scopes are ours, not the challenge's: a registry cannot make us ask for more than we want.
    service = challenge.parameters.get("service", "")
    pairs = [("service", service), *(("scope", scope) for scope in scopes), ("account", account)]
    parts = urlsplit(realm)
    asked = urlencode([(key, value) for key, value in pairs if value])
    query = "&".join(filter(None, (parts.query, asked)))
    return urlunsplit(parts._replace(query=query, fragment=""))


def token_form(challenge: Challenge, scopes: Scopes, identity_token: str) -> bytes:
    """What is posted to exchange an identity token for an access token."""
    return urlencode({
        "grant_type": "refresh_token",
        "service": challenge.parameters.get("service", ""),
        "client_id": "lamina",
        "scope": " ".join(scopes),
        "refresh_token": identity_token,
    }).encode()  # fmt: skip


def _read_token(fields: Fields) -> str:
    token = fields.text("token", "") or fields.text("access_token", "")
    if not 0 < len(token) <= _LONGEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise Malformed("the registry's token cannot be sent back in a header")
    return token


def _life(fields: Fields) -> float:
    seconds = float(fields.integer("expires_in")) if "expires_in" in fields else _SHORTEST_LIFE
    # A tenth is left unused, for the clocks and for the way.
    return min(max(seconds, _SHORTEST_LIFE), _LONGEST_LIFE) * 0.9
