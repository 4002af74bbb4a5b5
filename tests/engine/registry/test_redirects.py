"""Redirects: followed by hand, without credentials, and only where they may lead."""

from __future__ import annotations

import pytest
from aiohttp import web

from engine.errors import LaminaError, Malformed, NotFound, Unauthorized, Unavailable
from tests.engine.registry.peers import Handler, blob_of, client, read, serving

DATA = b"layer" * 1000


def guarded(location: str, status: int = 307) -> Handler:
    """A registry that wants a token and then sends on."""

    async def handler(request: web.Request) -> web.Response:
        if request.path == "/token":
            return web.json_response({"token": "secret"})
        if request.path == "/stored":
            return web.Response(body=DATA)
        if "Authorization" not in request.headers:
            challenge = f'Bearer realm="http://{request.host}/token"'
            return web.Response(status=401, headers={"WWW-Authenticate": challenge})
        return web.Response(status=status, headers={"Location": location})

    return handler


async def storage(_: web.Request) -> web.Response:
    return web.Response(body=DATA)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_token_stays_with_its_registry(status: int) -> None:
    async with serving(storage) as store:
        location = f"http://localhost:{store.port}/a%2Fb?sig=x%3D&y=+"
        async with serving(guarded(location, status)) as peer, client() as registry:
            assert await read(registry, peer.ref(), blob_of(DATA)) == DATA
    assert "Authorization" in peer.asked[-1].headers
    assert "Authorization" not in store.asked[0].headers
    assert "Cookie" not in store.asked[0].headers


async def test_another_port_of_the_same_host_gets_no_token() -> None:
    async with (
        serving(storage) as store,
        serving(guarded(f"http://127.0.0.1:{store.port}/")) as peer,
        client() as registry,
    ):
        assert await read(registry, peer.ref(), blob_of(DATA)) == DATA
    assert "Authorization" not in store.asked[0].headers


async def test_the_same_origin_keeps_the_token() -> None:
    async with serving(guarded("/stored")) as peer, client() as registry:
        assert await read(registry, peer.ref(), blob_of(DATA)) == DATA
    assert "Authorization" in peer.asked[-1].headers


async def test_a_way_that_leads_back_brings_no_token() -> None:
    async def back(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"http://{peer.address}/stored"})

    async with (
        serving(back) as detour,
        serving(guarded(f"http://{detour.address}/")) as peer,
        client() as registry,
    ):
        assert await read(registry, peer.ref(), blob_of(DATA)) == DATA
    assert peer.asked[-1].path == "/stored"
    assert "Authorization" not in peer.asked[-1].headers


async def test_a_range_is_asked_for_where_the_way_ends() -> None:
    async with (
        serving(storage) as store,
        serving(guarded(f"http://{store.address}/")) as peer,
        client() as registry,
    ):
        assert await read(registry, peer.ref(), blob_of(DATA), 10) == DATA[10:]
    assert store.asked[0].headers["Range"] == "bytes=10-"


async def test_a_place_we_were_led_to_cannot_ask_for_a_token() -> None:
    async def greedy(_: web.Request) -> web.Response:
        challenge = f'Bearer realm="http://{store.address}/token"'
        return web.Response(status=401, headers={"WWW-Authenticate": challenge})

    async with (
        serving(greedy) as store,
        serving(guarded(f"http://{store.address}/")) as peer,
        client() as registry,
    ):
        with pytest.raises(Unauthorized):
            await read(registry, peer.ref(), blob_of(DATA))
    assert len(store.asked) == 1


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("http://other.example/", Unavailable),
        ("http://169.254.169.254/latest", Unavailable),
        ("https://169.254.169.254/latest", Unavailable),
        ("file:///etc/passwd", Malformed),
        ("http://user:pass@127.0.0.1/", Malformed),
        ("", Malformed),
        ("http://127.0.0.1/a b", Malformed),
        ("http://127.0.0.1/\u00e9", Malformed),
    ],
)
async def test_a_redirect_to_a_foreign_place_is_not_followed(location: str, error: type[LaminaError]) -> None:
    async with serving(guarded(location)) as peer, client() as registry:
        with pytest.raises(error):
            await read(registry, peer.ref(), blob_of(DATA))


async def test_circles_end() -> None:
    async with serving(guarded("/v2/again")) as peer, client() as registry:
        with pytest.raises(Unavailable, match="circles"):
            await read(registry, peer.ref(), blob_of(DATA))
    assert len(peer.asked) < 12


async def test_a_link_that_leads_nowhere_is_not_found() -> None:
    async def empty(_: web.Request) -> web.Response:
        return web.Response(status=404)

    async with (
        serving(empty) as store,
        serving(guarded(f"http://{store.address}/")) as peer,
        client() as registry,
    ):
        with pytest.raises(NotFound):
            await read(registry, peer.ref(), blob_of(DATA))
