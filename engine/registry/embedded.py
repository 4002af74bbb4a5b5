"""A small registry over a directory: what the lab serves its images with, and the tests theirs.

Source: OCI distribution-spec 1.1, "Pull" and "Content Discovery".
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Self
from urllib.parse import urlencode

import aiofiles
from aiofiles.threadpool.binary import AsyncBufferedReader
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from engine.errors import DigestMismatch, InvalidArgument, LaminaError, NotFound
from engine.oci import Digest
from engine.registry.accepting import Uploads
from engine.registry.credentials import Credential
from engine.registry.directory import RegistryDirectory
from engine.registry.link import Link

_CHUNK = 1 << 20  # bytes read and sent at once
_PAGE = 1000  # tags of one answer at most


@dataclass(frozen=True, slots=True)
class Served:
    """What has been asked of one blob.

    :param requests: GET requests for it, whole or in part.
    :param bytes: that were sent of it.
    """

    requests: int = 0
    bytes: int = 0


class EmbeddedRegistry:
    """Serves a directory on a loopback port; an async context manager.

    :param directory: what to serve; a writer may add to it meanwhile.
    :param host: a loopback address; there is no TLS, so it is not for other machines.
    :param port: 0 takes a free one.
    :param writable: take images too; else it only serves them.
    :param credential: the only user it lets in, by HTTP's basic authentication; None lets everybody in.
    :param link: what blobs are sent over, which others may share; None is one as fast as the machine.
    :param middlewares: of aiohttp, put before the handlers: the place where tests make a registry fail.
    """

    def __init__(
        self,
        directory: RegistryDirectory,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        writable: bool = False,
        credential: Credential | None = None,
        link: Link | None = None,
        middlewares: Sequence[Middleware] = (),
    ) -> None:
        self._directory = directory
        self._host = host
        self._port = port
        self._link = link or Link()
        self._served: dict[Digest, Served] = {}
        self._uploads = Uploads(directory)
        doors = [_errors] if credential is None else [_errors, _door(credential)]
        app = web.Application(middlewares=[*doors, *middlewares])
        app.on_response_prepare.append(_sign)
        app.add_routes([
            web.get("/v2/", _version),
            # Before the rest: an upload is no blob.
            *(self._uploads.routes() if writable else ()),
            web.get("/v2/_catalog", self._catalog),
            web.get("/v2/{name:.+}/manifests/{reference}", self._manifest),
            web.get("/v2/{name:.+}/blobs/{digest}", self._blob),
            web.get("/v2/{name:.+}/tags/list", self._tags),
            web.get("/lamina/stats", self._stats),
        ])  # fmt: skip
        # Without this, closing waits a minute for clients that keep their connection.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def address(self) -> str:
        """`host:port`, as the domain of a reference."""
        return f"{self._host}:{self._port}"

    @property
    def served(self) -> Mapping[Digest, Served]:
        """What has been asked of each blob (config or layer) since the start."""
        return MappingProxyType(self._served)

    async def start(self) -> None:
        """Begin to serve; afterwards `address` is known.

        :raises OSError: the port is taken.
        """
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self._port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Stop serving; requests under way have a second to end."""
        await self._runner.cleanup()
        self._uploads.close()

    async def _manifest(self, request: web.Request) -> web.Response:
        name, reference = request.match_info["name"], request.match_info["reference"]
        descriptor = await asyncio.to_thread(self._directory.manifest, name, reference)
        async with aiofiles.open(self._directory.blob(descriptor.digest), "rb") as file:
            raw = await file.read()
        return web.Response(
            body=raw,
            content_type=descriptor.media_type,
            headers={"Docker-Content-Digest": descriptor.digest, "ETag": f'"{descriptor.digest}"'},
        )

    async def _blob(self, request: web.Request) -> web.StreamResponse:
        digest = Digest.parse(request.match_info["digest"])
        async with contextlib.AsyncExitStack() as held:
            try:
                file = await held.enter_async_context(aiofiles.open(self._directory.blob(digest), "rb"))
            except FileNotFoundError:
                raise NotFound(f"no blob {digest}") from None
            return await self._send(request, digest, file)

    async def _send(
        self, request: web.Request, digest: Digest, file: AsyncBufferedReader
    ) -> web.StreamResponse:
        size = os.fstat(file.fileno()).st_size
        start, end = _range(request, size)
        response = web.StreamResponse(headers={"Docker-Content-Digest": digest, "Accept-Ranges": "bytes"})
        response.content_type = "application/octet-stream"
        response.content_length = end - start
        if "Range" in request.headers:
            response.set_status(206)
            response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        self._count(digest, requests=1)
        await file.seek(start)
        while start < end:
            count = self._link.piece(min(_CHUNK, end - start))
            chunk = await file.read(count)
            await self._link.carry(len(chunk))
            await response.write(chunk)
            start += len(chunk)
            self._count(digest, sent=len(chunk))
        await response.write_eof()
        return response

    def _count(self, digest: Digest, *, requests: int = 0, sent: int = 0) -> None:
        before = self._served.get(digest, Served())
        self._served[digest] = Served(before.requests + requests, before.bytes + sent)

    async def _tags(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        tags = await asyncio.to_thread(self._directory.tags, name)
        page, headers = _page(request, f"/v2/{name}/tags/list", tags)
        return web.json_response({"name": name, "tags": page}, headers=headers)

    async def _catalog(self, request: web.Request) -> web.Response:
        names = await asyncio.to_thread(self._directory.repositories)
        page, headers = _page(request, "/v2/_catalog", names)
        return web.json_response({"repositories": page}, headers=headers)

    async def _stats(self, _: web.Request) -> web.Response:
        return web.json_response(
            {"blobs": {digest: asdict(served) for digest, served in self._served.items()}}
        )


async def _version(_: web.Request) -> web.Response:
    return web.json_response({})


def _range(request: web.Request, size: int) -> tuple[int, int]:
    """First byte and the one after the last, of what is asked for."""
    try:
        start, end, _ = request.http_range.indices(size)
    except ValueError:
        start, end = size, size
    if "Range" in request.headers and start >= end:
        raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"})
    return start, end


def _page(request: web.Request, path: str, names: list[str]) -> tuple[list[str], dict[str, str]]:
    """The names that are asked for, and the header that says where the rest is."""
    last = request.query.get("last", "")
    rest = [name for name in names if name > last]
    page = rest[: _page_size(request)]
    if not page or len(page) == len(rest):
        return page, {}
    query = urlencode({"n": len(page), "last": page[-1]})
    return page, {"Link": f'<{path}?{query}>; rel="next"'}


def _page_size(request: web.Request) -> int:
    text = request.query.get("n", str(_PAGE))
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise InvalidArgument("n must be a whole number")
    return min(int(text), _PAGE)


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except LaminaError as error:
        status, code = 400, "INVALID"
        if isinstance(error, NotFound):
            status, code = 404, "NOT_FOUND"
        elif isinstance(error, DigestMismatch):
            code = "DIGEST_INVALID"
        return web.json_response({"errors": [{"code": code, "message": error.message}]}, status=status)


def _door(credential: Credential) -> Middleware:
    pair = f"{credential.username}:{credential.secret}".encode()
    expected = f"Basic {base64.b64encode(pair).decode()}".encode()

    @web.middleware
    async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, expected):
            headers = {"WWW-Authenticate": 'Basic realm="lamina"'}
            problem = {"code": "UNAUTHORIZED", "message": "authentication required"}
            return web.json_response({"errors": [problem]}, status=401, headers=headers)
        return await handler(request)

    return door


async def _sign(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Docker-Distribution-Api-Version"] = "registry/2.0"
