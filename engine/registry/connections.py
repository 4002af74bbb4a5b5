"""Requests on their way: connections kept for the next one, redirects followed as far as is safe."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self
from urllib.parse import urljoin, urlsplit

from engine import __version__
from engine.errors import Malformed, Unavailable
from engine.oci.quote import quoted
from engine.registry.certificates import Certificates
from engine.registry.exchange import Answer, Body, Broken, Exchange
from engine.registry.hosts import Origin
from engine.registry.retry import RetryPolicy
from engine.registry.wire import Wire, connect

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAME_METHOD = frozenset({307, 308})  # the others would turn what is sent into a GET (RFC 9110, 15.4)
_LONGEST_WAY = 5  # redirects
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    :param authorization: for the origin of `url` and for no other place.
    :param stays: never follow to another origin, because what is sent is a secret itself.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    authorization: str = field(default="", repr=False)
    body: Body | None = field(default=None, repr=False)
    stays: bool = False


class Connections:
    """The connections of one client; an async context manager.

    :param certificates: directories of certificates, see `engine.registry.certificates`.
    """

    def __init__(self, policy: RetryPolicy, certificates: tuple[Path, ...]) -> None:
        self._policy = policy
        self._certificates = Certificates(certificates)
        self._idle: dict[Origin, list[Wire]] = {}
        self._tls: ssl.SSLContext | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for wires in self._idle.values():
            for wire in wires:
                wire.close()
        self._idle.clear()

    async def send(self, call: Call) -> Answer:
        """The answer at the end of the way; whoever gets it closes it.

        :raises Unavailable: a redirect leads where we do not follow, or in circles.
        :raises Malformed: a redirect leads nowhere.
        """
        origin = Origin.of(call.url)
        for _ in range(_LONGEST_WAY + 1):
            response = await self._once(call, origin)
            if response.status not in _REDIRECTS or not _is_followed(call, response.status):
                return response
            async with response:
                call = replace(call, url=location(call.url, response.headers.get("Location", "")))
            target = Origin.of(call.url)
            if not origin.may_lead_to(target) or (call.stays and target != origin):
                raise Unavailable(
                    f"{origin.host} sends us to {target.scheme}://{target.host}, where we do not follow",
                    hint="a redirect may not leave https, nor lead into this machine",
                )
            if target != origin:
                # And it stays away, even if the way leads back.
                call = replace(call, authorization="")
            origin = target
        raise Unavailable(f"{origin.host} sends us in circles", hint="ask who runs the registry")

    async def _once(self, call: Call, origin: Origin) -> Answer:
        idle = self._idle.setdefault(origin, [])
        while idle:
            wire = idle.pop()
            if not wire.is_quiet:
                wire.close()
                continue
            exchange = self._exchange(wire, call, idle)
            try:
                return await _asked(exchange, call, origin)
            except (Broken, OSError):
                # The server closed it before it read what we asked, so nothing was done yet.
                if not exchange.is_stale or callable(call.body):
                    raise
        wire = await connect(origin, await self._context(origin), self._policy.connect)
        return await _asked(self._exchange(wire, call, idle), call, origin)

    def _exchange(self, wire: Wire, call: Call, idle: list[Wire]) -> Exchange:
        # A registry may need long to take in what it was sent, and says nothing meanwhile.
        silence = self._policy.stall if call.body is None else self._policy.settle
        return Exchange(wire, idle.append, silence)

    async def _context(self, origin: Origin) -> ssl.SSLContext | None:
        if not origin.is_secure:
            return None
        own = await self._certificates.context(origin)
        if own is None and self._tls is None:
            self._tls = ssl.create_default_context()
        return own or self._tls


async def _asked(exchange: Exchange, call: Call, origin: Origin) -> Answer:
    parts = urlsplit(call.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    fields = {
        "Host": host if origin.port == _PORTS[origin.scheme] else f"{host}:{origin.port}",
        "User-Agent": f"lamina/{__version__}",
        # What travels is digested as it travels, so nothing on the way may pack it.
        "Accept-Encoding": "identity",
        **call.headers,
    }
    if call.authorization:
        fields["Authorization"] = call.authorization
    try:
        head = await exchange.ask(call.method, target, list(fields.items()), call.body)
    except BaseException:
        await exchange.end()
        raise
    return Answer(exchange, head, call.url, call.method)


def location(url: str, to: str) -> str:
    """Where a `Location` header of the answer from `url` leads, as it is written.

    :raises Malformed: nowhere.
    """
    target = urljoin(url, to)
    # The text goes into a request line as it is, because signed URLs break when they are quoted anew.
    if not to or not target.isascii() or not target.isprintable() or " " in target:
        raise Malformed(f"{Origin.of(url).host} sends us to no address: {quoted(to)}")
    return target.partition("#")[0]


def _is_followed(call: Call, status: int) -> bool:
    return call.method in ("GET", "HEAD") or status in _SAME_METHOD
