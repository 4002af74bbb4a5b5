"""Lists come page by page, to an end; and how many pulls are left is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from engine.errors import InvalidArgument, LimitExceeded, NotSupported, Unavailable
from engine.oci import Reference, media
from engine.registry import EmbeddedRegistry, RateLimit, RegistryClient, RegistryDirectory
from engine.registry.limits import read_rate_limit
from engine.registry.login import registry_name
from engine.settings import Settings
from tests.engine.registry.peers import HASTY, MANIFEST, client, manifest_response, serving


async def test_all_pages_of_a_list_are_read(tmp_path: Path) -> None:
    directory = RegistryDirectory(tmp_path)
    for number in range(5):
        directory.add_manifest("lab/web", f"{number}", MANIFEST, media.OCI_MANIFEST)
        directory.add_manifest(f"lab/app{number}", "1", MANIFEST, media.OCI_MANIFEST)

    @web.middleware
    async def small_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await handler(request.clone(rel_url=request.rel_url.update_query(n="2")))

    async with EmbeddedRegistry(directory, middlewares=[small_pages]) as server, client() as registry:
        tags = await registry.tags(Reference.parse(f"{server.address}/lab/web"))
        names = await registry.repositories(server.address)
    assert tags == ["0", "1", "2", "3", "4"]
    assert names == ["lab/app0", "lab/app1", "lab/app2", "lab/app3", "lab/app4", "lab/web"]


async def test_a_list_without_an_end_is_given_up() -> None:
    async def handler(request: web.Request) -> web.Response:
        link = f'<{request.path}?last=x>; rel="next"'
        return web.json_response({"name": "lab/web", "tags": ["x"]}, headers={"Link": link})

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(LimitExceeded):
            await registry.tags(peer.ref())
    assert len(peer.asked) == 100


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_registry_that_lists_nothing_says_so(status: int) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status)

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(NotSupported, match="does not list its repositories"):
            await registry.repositories(peer.address)


def test_a_limit_is_read() -> None:
    headers = {"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "76;w=21600"}
    assert read_rate_limit(headers) == RateLimit(100, 76, 21600)
    assert str(RateLimit(100, 76, 21600)) == "76 of 100 pulls in 6 hours are left"
    assert not RateLimit(100, 76).is_nearly_used_up
    assert RateLimit(100, 9).is_nearly_used_up


@pytest.mark.parametrize("value", ["", "many", "-1", "٣", "9" * 50])
def test_a_limit_that_cannot_be_read_is_none(value: str) -> None:
    assert read_rate_limit({"ratelimit-limit": value, "ratelimit-remaining": "1"}) is None


async def test_a_limit_that_is_nearly_used_up_is_noted() -> None:
    async def handler(_: web.Request) -> web.Response:
        response = manifest_response()
        response.headers.update({"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "3;w=21600"})
        return response

    async with serving(handler) as peer, client() as registry:
        assert registry.notes(peer.ref()) == ()
        await registry.resolve(peer.ref())
        assert registry.notes(peer.ref()) == (f"{peer.address}: 3 of 100 pulls in 6 hours are left",)


async def test_a_limit_that_is_used_up_is_told_at_once() -> None:
    async def handler(_: web.Request) -> web.Response:
        headers = {"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "0;w=21600"}
        return web.Response(status=429, headers=headers)

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(Unavailable, match="0 of 100 pulls in 6 hours") as caught:
            await registry.resolve(peer.ref())
    assert len(peer.asked) == 1
    assert "lamina login" in caught.value.hint


async def test_a_mirror_is_asked_first_and_the_registry_where_it_has_none(tmp_path: Path) -> None:
    async def empty(_: web.Request) -> web.Response:
        return web.Response(status=404)

    async def full(_: web.Request) -> web.Response:
        return manifest_response()

    async with serving(empty) as mirror, serving(full) as own:
        settings = Settings(tmp_path, tmp_path, mirrors={own.address: (mirror.address,)})
        async with RegistryClient(settings, retry=HASTY) as registry:
            assert (await registry.resolve(own.ref()))[1] == MANIFEST
    assert len(mirror.asked) == len(own.asked) == 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("docker.io", "docker.io"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("", "docker.io"),
        ("ghcr.io", "ghcr.io"),
        ("https://lan:5000/", "lan:5000"),
        ("localhost", "localhost"),
    ],
)
def test_a_registry_is_meant_by_its_host(text: str, name: str) -> None:
    assert registry_name(text) == name


@pytest.mark.parametrize("text", ["team", "a b", "-x", "user@lan:5000"])
def test_what_is_no_registry_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        registry_name(text)
