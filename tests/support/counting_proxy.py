"""A registry's double that hands everything on and counts what goes over the wire.

    async with counting_proxy("127.0.0.1:5000") as proxy:
        pull(f"{proxy.address}/redis:7")
        proxy.sent[digest]  # bytes of that blob's answers

It answers with the headers and the status of the registry behind it, Range included.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

_CHUNK = 1 << 20
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "host"})  # RFC 9110, 7.6.1


@dataclass
class CountingProxy:
    """Between a client and one registry.

    :param upstream: `host:port` of the registry, over plain HTTP.
    :param sent: bytes of the bodies of answers to GET, by digest of the blob.
    """

    upstream: str
    sent: Counter[str] = field(default_factory=Counter)
    address: str = ""

    def take(self) -> Counter[str]:
        """What was sent since this was asked last."""
        taken, self.sent = self.sent, Counter()
        return taken

    async def answer(self, session: aiohttp.ClientSession, request: web.Request) -> web.StreamResponse:
        """Ask the registry and hand on what it answers, as it comes."""
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        address = f"http://{self.upstream}{request.raw_path}"
        async with session.request(
            request.method, address, headers=headers, allow_redirects=False
        ) as answered:
            kept = {
                name: value for name, value in answered.headers.items() if name.lower() not in _HOP_BY_HOP
            }
            response = web.StreamResponse(status=answered.status, reason=answered.reason, headers=kept)
            await response.prepare(request)
            _, is_blob, digest = request.path.rpartition("/blobs/")
            async for chunk in answered.content.iter_chunked(_CHUNK):
                await response.write(chunk)
                if is_blob:
                    self.sent[digest] += len(chunk)
            await response.write_eof()
            return response


@asynccontextmanager
async def counting_proxy(upstream: str) -> AsyncIterator[CountingProxy]:
    """Serve a proxy on a free loopback port until the block ends."""
    proxy = CountingProxy(upstream)
    # What is compressed stays so: its digest is of the bytes as they travel.
    async with aiohttp.ClientSession(auto_decompress=False) as session:

        async def handle(request: web.Request) -> web.StreamResponse:
            return await proxy.answer(session, request)

        app = web.Application()
        app.router.add_get("/{path:.*}", handle)  # HEAD too
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            proxy.address = f"127.0.0.1:{runner.addresses[0][1]}"
            yield proxy
        finally:
            await runner.cleanup()
