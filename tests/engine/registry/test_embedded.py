"""The embedded registry: what it serves, what it refuses, what it counts."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from engine.oci import Descriptor, Reference, media
from engine.registry import EmbeddedRegistry, RegistryDirectory, Served
from tests.engine.registry.peers import MANIFEST, client, read

DATA = bytes(range(256)) * 10_000


@dataclass(frozen=True, slots=True)
class Lab:
    """A running registry with one image and one layer."""

    server: EmbeddedRegistry
    layer: Descriptor
    manifest: Descriptor
    session: aiohttp.ClientSession

    @property
    def ref(self) -> Reference:
        return Reference.parse(f"{self.server.address}/lab/web:1")

    def url(self, path: str) -> str:
        return f"http://{self.server.address}{path}"


@asynccontextmanager
async def lab(root: Path) -> AsyncGenerator[Lab, None]:
    directory = RegistryDirectory(root)
    layer = directory.add_blob(DATA, media.OCI_LAYER)
    manifest = directory.add_manifest("lab/web", "1", MANIFEST, media.OCI_MANIFEST)
    async with EmbeddedRegistry(directory) as server, aiohttp.ClientSession() as session:
        yield Lab(server, layer, manifest, session)


async def test_it_says_which_protocol_it_speaks(tmp_path: Path) -> None:
    async with lab(tmp_path) as it, it.session.get(it.url("/v2/")) as response:
        assert response.status == 200
        assert response.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


async def test_a_manifest_is_served_by_tag_and_by_digest(tmp_path: Path) -> None:
    async with lab(tmp_path) as it, client() as registry:
        by_tag = await registry.resolve(it.ref)
        by_digest = await registry.resolve(
            Reference.parse(f"{it.server.address}/lab/web@{it.manifest.digest}")
        )
    assert by_tag == by_digest == (it.manifest, MANIFEST)


async def test_head_says_what_get_would_send(tmp_path: Path) -> None:
    async with lab(tmp_path) as it:
        async with it.session.head(it.url("/v2/lab/web/manifests/1")) as response:
            assert (response.status, response.content_length) == (200, len(MANIFEST))
            assert response.headers["Docker-Content-Digest"] == it.manifest.digest
            assert response.content_type == media.OCI_MANIFEST
        async with it.session.head(it.url(f"/v2/lab/web/blobs/{it.layer.digest}")) as response:
            assert (response.status, response.content_length) == (200, len(DATA))
        assert it.server.served == {}


async def test_requests_and_bytes_of_each_blob_are_counted(tmp_path: Path) -> None:
    async with lab(tmp_path) as it, client() as registry:
        assert await read(registry, it.ref, it.layer) == DATA
        assert await read(registry, it.ref, it.layer, 1000) == DATA[1000:]
        assert it.server.served == {it.layer.digest: Served(requests=2, bytes=2 * len(DATA) - 1000)}
        async with it.session.get(it.url("/lamina/stats")) as response:
            assert await response.json() == {
                "blobs": {it.layer.digest: {"requests": 2, "bytes": 2 * len(DATA) - 1000}}
            }


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [("bytes=0-", 0, len(DATA)), ("bytes=5-9", 5, 10), ("bytes=-7", len(DATA) - 7, len(DATA))],
)
async def test_a_part_of_a_blob_is_served(tmp_path: Path, wanted: str, start: int, end: int) -> None:
    async with lab(tmp_path) as it:
        url = it.url(f"/v2/lab/web/blobs/{it.layer.digest}")
        async with it.session.get(url, headers={"Range": wanted}) as response:
            assert response.status == 206
            assert response.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(DATA)}"
            assert await response.read() == DATA[start:end]


@pytest.mark.parametrize("wanted", ["bytes=99999999-", "bytes=9-5", "bytes=-", "lines=1-2"])
async def test_a_part_that_is_not_there_is_refused(tmp_path: Path, wanted: str) -> None:
    async with lab(tmp_path) as it:
        url = it.url(f"/v2/lab/web/blobs/{it.layer.digest}")
        async with it.session.get(url, headers={"Range": wanted}) as response:
            assert response.status == 416
            assert response.headers["Content-Range"] == f"bytes */{len(DATA)}"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v2/lab/web/manifests/2", 404),
        ("/v2/lab/other/manifests/1", 404),
        ("/v2/lab/web/manifests/sha256:" + "0" * 64, 404),
        ("/v2/lab/web/blobs/sha256:" + "0" * 64, 404),
        ("/v2/lab/other/tags/list", 404),
        ("/v2/lab/web/blobs/sha256:..%2f..%2fx", 400),
        ("/v2/lab/web/manifests/..%2f..%2fx", 400),
        ("/v2/lab/..%2f../manifests/1", 400),
        ("/v2/LAB/manifests/1", 400),
        ("/v2/lab/web/_tags/manifests/1", 400),
        ("/v2/lab/web/tags/list?n=x", 400),
        ("/etc/passwd", 404),
    ],
)
async def test_what_is_not_there_or_cannot_be_is_refused(tmp_path: Path, path: str, status: int) -> None:
    from yarl import URL

    async with lab(tmp_path) as it, it.session.get(URL(it.url(path), encoded=True)) as response:
        assert response.status == status


async def test_nothing_can_be_written(tmp_path: Path) -> None:
    path = "/v2/lab/web/manifests/3"
    async with lab(tmp_path) as it, it.session.put(it.url(path), data=MANIFEST) as response:
        assert response.status == 405


async def test_tags_come_in_pages(tmp_path: Path) -> None:
    directory = RegistryDirectory(tmp_path)
    for tag in ("c", "a", "b"):
        directory.add_manifest("lab/web", tag, MANIFEST, media.OCI_MANIFEST)
    async with lab(tmp_path) as it:
        async with it.session.get(it.url("/v2/lab/web/tags/list?n=2")) as response:
            assert (await response.json())["tags"] == ["1", "a"]
            assert response.headers["Link"] == '</v2/lab/web/tags/list?n=2&last=a>; rel="next"'
        async with it.session.get(it.url("/v2/lab/web/tags/list?n=2&last=a")) as response:
            assert (await response.json())["tags"] == ["b", "c"]
            assert "Link" not in response.headers


async def test_middlewares_can_make_it_fail(tmp_path: Path) -> None:
    failures = iter([503, 500])

    @web.middleware
    async def failing(request: web.Request, handler: Handler) -> web.StreamResponse:
        if status := next(failures, None):
            return web.Response(status=status)
        return await handler(request)

    directory = RegistryDirectory(tmp_path)
    layer = directory.add_blob(DATA)
    async with EmbeddedRegistry(directory, middlewares=[failing]) as server, client() as registry:
        assert await read(registry, Reference.parse(f"{server.address}/lab/web"), layer) == DATA


async def test_a_taken_port_is_told(tmp_path: Path) -> None:
    async with lab(tmp_path) as it:
        port = int(it.server.address.rpartition(":")[2])
        other = EmbeddedRegistry(RegistryDirectory(tmp_path), port=port)
        with pytest.raises(OSError, match="address already in use"):
            await other.start()
        await other.close()
