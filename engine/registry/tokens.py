"""Bearer tokens: asked for when a registry wants one, kept until they run out.

Source: distribution "Token Authentication Specification". A source of passwords would be asked here: this is
the only file that answers a registry's challenge.
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

Fetch = Callable[[str], Awaitable[bytes]]


@dataclass(slots=True)
class _Entry:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    token: str | None = None
    until: float = 0.0  # time.monotonic()


class Tokens:
    """The tokens of one client, one for each registry and repository."""

    def __init__(self) -> None:
        self._entries: dict[tuple[Origin, str], _Entry] = {}

    def cached(self, origin: Origin, scope: str) -> str | None:
        """A token that should still be good, or None."""
        entry = self._entries.get((origin, scope))
        return entry.token if entry and time.monotonic() < entry.until else None

    async def renew(
        self, origin: Origin, scope: str, challenges: tuple[Challenge, ...], stale: str | None, fetch: Fetch
    ) -> str | None:
        """A token other than `stale`; None where the registry does not want one.

        Many layers may be refused at the same moment; the first asks, the others take what it got.

        :param fetch: gets the body at a URL, bounded to `TOKEN_LIMIT`.
        :raises Unauthorized: the registry would send us to a place that tokens must not come from.
        :raises Malformed: the answer holds no token.
        """
        challenge = next((each for each in challenges if each.scheme == "bearer"), None)
        if challenge is None:
            return None
        entry = self._entries.setdefault((origin, scope), _Entry())
        async with entry.lock:
            present = self.cached(origin, scope)
            if present is None or present == stale:
                body = await fetch(_token_url(origin, scope, challenge))
                fields = read_object(body, "token", TOKEN_LIMIT, ("token", "access_token", "expires_in"))
                entry.token, entry.until = _read_token(fields), time.monotonic() + _life(fields)
            return entry.token


def _token_url(origin: Origin, scope: str, challenge: Challenge) -> str:
    realm = challenge.parameters.get("realm", "")
    try:
        allowed = origin.may_lead_to(Origin.of(realm))
    except Malformed:
        allowed = False
    if not allowed:
        raise Unauthorized(
            f"{origin.host} wants a token from {quoted(realm)}, where we do not ask",
            hint="a token must come over https, or from the registry itself",
        )
    # The scope is ours, not the challenge's: a registry cannot make us ask for more than to pull.
    query = {"service": challenge.parameters.get("service", ""), "scope": scope}
    parts = urlsplit(realm)
    asked = urlencode({key: value for key, value in query.items() if value})
    return urlunsplit(parts._replace(query=f"{parts.query}&{asked}" if parts.query else asked, fragment=""))


def _read_token(fields: Fields) -> str:
    token = fields.text("token", "") or fields.text("access_token", "")
    if not 0 < len(token) <= _LONGEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise Malformed("the registry's token cannot be sent back in a header")
    return token


def _life(fields: Fields) -> float:
    seconds = float(fields.integer("expires_in")) if "expires_in" in fields else _SHORTEST_LIFE
    # A tenth is left unused, for the clocks and for the way.
    return min(max(seconds, _SHORTEST_LIFE), _LONGEST_LIFE) * 0.9
