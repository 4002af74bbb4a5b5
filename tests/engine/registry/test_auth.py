"""Tokens: got where they may be got, kept as long as they are good, shown to nobody else."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from engine.errors import LaminaError, LimitExceeded, Malformed, Unauthorized
from engine.registry.tokens import TOKEN_LIMIT
from tests.engine.registry.peers import MANIFEST, client, manifest_response, serving


def wanting(realm: str, scheme: str = "Bearer") -> web.Response:
    challenge = f'{scheme} realm="{realm}",service="the registry",scope="registry:catalog:*"'
    return web.Response(status=401, headers={"WWW-Authenticate": challenge})


class Guarded:
    """A registry that wants the newest of its tokens."""

    def __init__(self) -> None:
        self.issued = 0
        self.life = 300

    async def __call__(self, request: web.Request) -> web.Response:
        if request.path == "/token":
            self.issued += 1
            return web.json_response({"token": f"token{self.issued}", "expires_in": self.life})
        if request.headers.get("Authorization") != f"Bearer token{self.issued}" or not self.issued:
            return wanting(f"http://{request.host}/token")
        return manifest_response()


async def test_a_token_is_asked_for_and_sent() -> None:
    async with serving(Guarded()) as peer, client() as registry:
        assert (await registry.resolve(peer.ref()))[1] == MANIFEST
    assert [asked.path for asked in peer.asked] == [
        "/v2/lab/web/manifests/1",
        "/token",
        "/v2/lab/web/manifests/1",
    ]
    assert "Authorization" not in peer.asked[1].headers


async def test_the_scope_is_to_pull_this_repository_whatever_the_registry_wants() -> None:
    async with serving(Guarded()) as peer, client() as registry:
        await registry.resolve(peer.ref())
    assert peer.asked[1].query == {"service": "the registry", "scope": "repository:lab/web:pull"}


async def test_a_token_is_kept_for_its_repository_alone() -> None:
    async with serving(Guarded()) as peer, client() as registry:
        await registry.resolve(peer.ref())
        await registry.resolve(peer.ref("lab/web:2"))
        assert len(peer.asked) == 4
        await registry.resolve(peer.ref("lab/other"))
    assert "Authorization" not in peer.asked[4].headers


async def test_a_token_that_ran_out_is_renewed() -> None:
    guarded = Guarded()
    async with serving(guarded) as peer, client() as registry:
        await registry.resolve(peer.ref())
        guarded.issued += 1  # the registry does not know the old one any more
        assert (await registry.resolve(peer.ref()))[1] == MANIFEST


async def test_many_that_are_refused_at_once_ask_for_one_token() -> None:
    guarded = Guarded()
    async with serving(guarded) as peer, client() as registry, asyncio.TaskGroup() as group:
        for _ in range(10):
            group.create_task(registry.resolve(peer.ref()))
    assert guarded.issued == 1


async def test_a_token_that_opens_nothing_is_not_renewed_for_ever() -> None:
    async def handler(request: web.Request) -> web.Response:
        if request.path == "/token":
            return web.json_response({"access_token": "useless"})
        return wanting(f"http://{request.host}/token")

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(Unauthorized, match="lab/web:1"):
            await registry.resolve(peer.ref())
    assert len(peer.asked) == 3


@pytest.mark.parametrize(
    "realm",
    [
        "http://other.example/token",
        "http://169.254.169.254/latest",
        "https://169.254.169.254/latest",
        "ftp://127.0.0.1/",
        "https://user:pass@other.example/token",
        "/token",
        "",
    ],
)
async def test_a_realm_in_a_foreign_place_is_not_asked(realm: str) -> None:
    async def handler(_: web.Request) -> web.Response:
        return wanting(realm)

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(Unauthorized, match="where we do not ask"):
            await registry.resolve(peer.ref())
    assert len(peer.asked) == 1


async def test_a_realm_on_another_loopback_port_is_asked() -> None:
    async def realm(_: web.Request) -> web.Response:
        return web.json_response({"token": "good"})

    async def handler(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") == "Bearer good":
            return manifest_response()
        return wanting(f"http://localhost:{issuer.port}/token?account=a")

    async with serving(realm) as issuer, serving(handler) as peer, client() as registry:
        assert (await registry.resolve(peer.ref()))[1] == MANIFEST
    assert issuer.asked[0].query["account"] == "a"


async def test_a_registry_that_wants_a_password_is_told() -> None:
    async def handler(_: web.Request) -> web.Response:
        return wanting("x", scheme="Basic")

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(Unauthorized) as caught:
            await registry.resolve(peer.ref())
    assert caught.value.hint


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"{}", Malformed),
        (b"[]", Malformed),
        (b'{"token":7}', Malformed),
        (b'{"token":"a\\r\\nX: y"}', Malformed),
        (b'{"token":"a b"}', Malformed),
        (b'{"token":"a","expires_in":"soon"}', Malformed),
        (b'{"token":"a","Token":"b"}', Malformed),
        (b'{"token":"' + b"a" * 100_000 + b'"}', Malformed),
        (b" " * (TOKEN_LIMIT + 1), LimitExceeded),
    ],
)
async def test_an_answer_without_a_usable_token_is_refused(body: bytes, error: type[LaminaError]) -> None:
    async def handler(request: web.Request) -> web.Response:
        if request.path == "/token":
            return web.Response(body=body)
        return wanting(f"http://{request.host}/token")

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(error):
            await registry.resolve(peer.ref())


async def test_a_realm_that_fails_for_a_moment_is_asked_again() -> None:
    guarded = Guarded()

    async def handler(request: web.Request) -> web.Response:
        if request.path == "/token" and len(peer.asked) < 5:
            return web.Response(status=503)
        return await guarded(request)

    async with serving(handler) as peer, client() as registry:
        assert (await registry.resolve(peer.ref()))[1] == MANIFEST
