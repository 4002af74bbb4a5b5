"""Requests on their way: one session of aiohttp, redirects followed as far as is safe."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from engine import __version__
from engine.errors import Malformed, Unavailable
from engine.oci.quote import quoted
from engine.registry.certificates import Certificates
from engine.registry.hosts import Origin
from engine.registry.resolver import NetResolver
from engine.registry.retry import RetryPolicy

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAME_METHOD = frozenset({307, 308})  # the others would turn what is sent into a GET (RFC 9110, 15.4)
_LONGEST_WAY = 5  # redirects
_BUFFER = 1 << 20  # bytes read ahead; fewer wake-ups, larger chunks

Body = bytes | Callable[[], AsyncIterator[bytes]]  # a function, because it may have to be sent again


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
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, call: Call) -> aiohttp.ClientResponse:
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

    async def _once(self, call: Call, origin: Origin) -> aiohttp.ClientResponse:
        assert self._session is not None, "used outside of its context"
        authorization = {"Authorization": call.authorization} if call.authorization else {}
        # A registry may need long to take in what it was sent, and says nothing meanwhile.
        silence = self._policy.stall if call.body is None else self._policy.settle
        return await self._session.request(
            call.method,
            URL(call.url, encoded=True),
            headers={**call.headers, **authorization},
            data=call.body() if callable(call.body) else call.body,
            allow_redirects=False,
            ssl=await self._certificates.context(origin) or True,
            timeout=aiohttp.ClientTimeout(total=None, connect=self._policy.connect, sock_read=silence),
        )


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
