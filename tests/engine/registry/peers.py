"""Registries that tests write by hand: one function answers everything, and what it was asked is kept."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from multidict import CIMultiDictProxy

from engine.oci import Descriptor, Digest, Reference, media
from engine.registry import RegistryClient, RetryPolicy
from engine.settings import Settings

HASTY = RetryPolicy(attempts=4, base=0.001, longest=1.0, connect=5.0, stall=0.3, document=5.0)
MANIFEST = b'{"schemaVersion":2}'


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that a peer got."""

    path: str
    query: dict[str, str]
    headers: CIMultiDictProxy[str]


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Peer:
    """A registry under the test's control."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def ref(self, name: str = "lab/web:1") -> Reference:
        return Reference.parse(f"{self.address}/{name}")


@asynccontextmanager
async def serving(handler: Handler) -> AsyncGenerator[Peer, None]:
    """A peer on all loopback names, answering by `handler`."""
    peer = Peer()

    async def answer(request: web.Request) -> web.StreamResponse:
        peer.asked.append(Asked(request.path, dict(request.query), request.headers))
        return await handler(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        peer.port = runner.addresses[0][1]
        yield peer
    finally:
        await runner.cleanup()


async def unasked(_: web.Request) -> web.Response:
    """The handler of a peer that nobody should ask."""
    return web.Response(status=418)


def client(*, policy: RetryPolicy = HASTY, run: Path = Path("/nonexistent")) -> RegistryClient:
    """A client that does not wait long."""
    return RegistryClient(Settings(root=run, run=run), retry=policy)


def manifest_response(body: bytes = MANIFEST, media_type: str = media.OCI_MANIFEST) -> web.Response:
    return web.Response(body=body, content_type=media_type)


def blob_of(data: bytes) -> Descriptor:
    return Descriptor(media.OCI_LAYER_GZIP, Digest.of(data), len(data))


async def read(client: RegistryClient, ref: Reference, descriptor: Descriptor, offset: int = 0) -> bytes:
    """The whole blob."""
    return b"".join([chunk async for chunk in client.blob(ref, descriptor, offset)])
