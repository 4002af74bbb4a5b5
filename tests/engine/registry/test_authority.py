"""Passwords: shown to the registry they are for, and to nobody else."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

import pytest
from aiohttp import web

from engine.errors import Unauthorized
from engine.registry import RegistryClient
from engine.registry.authority import Authority
from engine.registry.challenge import Challenge
from engine.registry.connections import Call
from engine.registry.credentials import Credential, CredentialSource, GivenCredential
from engine.registry.hosts import Origin
from engine.settings import Settings
from tests.engine.registry.peers import HASTY, MANIFEST, manifest_response, serving

ME = Credential("me", "secret")
BASIC = f"Basic {base64.b64encode(b'me:secret').decode()}"
SCOPES = ("repository:lab/web:pull",)


def knowing(source: CredentialSource) -> RegistryClient:
    here = Path("/nonexistent")
    return RegistryClient(Settings(here, here), credentials=source, retry=HASTY)


async def basic(request: web.Request) -> web.Response:
    """A registry that wants a password."""
    if request.headers.get("Authorization") == BASIC:
        return manifest_response()
    return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="here"'})


async def test_a_password_is_shown_when_it_is_asked_for_and_from_then_on() -> None:
    async with serving(basic) as peer, knowing(GivenCredential(peer.address, ME)) as registry:
        assert (await registry.resolve(peer.ref()))[1] == MANIFEST
        await registry.resolve(peer.ref("lab/other:1"))
    assert ["Authorization" in asked.headers for asked in peer.asked] == [False, True, True]


async def test_a_password_that_is_wrong_is_shown_once() -> None:
    async with (
        serving(basic) as peer,
        knowing(GivenCredential(peer.address, Credential("me", "wrong"))) as registry,
    ):
        with pytest.raises(Unauthorized, match="lab/web:1"):
            await registry.resolve(peer.ref())
    assert len(peer.asked) == 2


async def test_a_registry_that_nobody_logged_in_to_gets_nothing() -> None:
    async with serving(basic) as peer, knowing(GivenCredential("elsewhere.example", ME)) as registry:
        with pytest.raises(Unauthorized) as caught:
            await registry.resolve(peer.ref())
    assert f"lamina login {peer.address}" in caught.value.hint
    assert all("Authorization" not in asked.headers for asked in peer.asked)


async def test_a_place_that_a_registry_leads_to_gets_no_password() -> None:
    async def anything(_: web.Request) -> web.Response:
        return manifest_response()

    async def handler(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") == BASIC:
            return web.Response(status=307, headers={"Location": f"http://{other.address}/"})
        return await basic(request)

    async with (
        serving(anything) as other,
        serving(handler) as peer,
        knowing(GivenCredential(peer.address, ME)) as registry,
    ):
        await registry.resolve(peer.ref())
    assert "Authorization" not in other.asked[0].headers


def bearer(realm: str) -> web.Response:
    return web.Response(status=401, headers={"WWW-Authenticate": f'Bearer realm="{realm}",service="s"'})


async def test_tokens_are_given_for_a_password() -> None:
    async def handler(request: web.Request) -> web.Response:
        if request.path == "/token":
            return web.json_response({"token": "good"})
        if request.headers.get("Authorization") == "Bearer good":
            return manifest_response()
        return bearer(f"http://{request.host}/token")

    async with serving(handler) as peer, knowing(GivenCredential(peer.address, ME)) as registry:
        assert (await registry.resolve(peer.ref()))[1] == MANIFEST
    token = peer.asked[1]
    assert token.headers["Authorization"] == BASIC
    assert token.query == {"service": "s", "scope": SCOPES[0], "account": "me"}


async def test_a_password_that_the_place_of_tokens_refuses_is_told() -> None:
    async def handler(request: web.Request) -> web.Response:
        return (
            web.Response(status=401) if request.path == "/token" else bearer(f"http://{request.host}/token")
        )

    async with serving(handler) as peer, knowing(GivenCredential(peer.address, ME)) as registry:
        with pytest.raises(Unauthorized, match="does not accept the user's name and password"):
            await registry.resolve(peer.ref())


async def test_an_identity_token_is_posted_and_follows_no_redirect_away() -> None:
    async def anything(_: web.Request) -> web.Response:
        return web.json_response({"token": "good"})

    async def handler(request: web.Request) -> web.Response:
        if request.path == "/token":
            bodies.append(dict(await request.post()))
            return web.Response(status=307, headers={"Location": f"http://{other.address}/"})
        return bearer(f"http://{request.host}/token")

    bodies: list[Mapping[str, object]] = []
    async with serving(anything) as other, serving(handler) as peer:
        source = GivenCredential(peer.address, Credential("", "", "refresh"))
        async with knowing(source) as registry:
            with pytest.raises(Exception, match="where we do not follow"):
                await registry.resolve(peer.ref())
    assert bodies[0]["refresh_token"] == "refresh"
    assert bodies[0]["grant_type"] == "refresh_token"
    assert other.asked == []


async def test_a_realm_on_another_host_name_gets_no_password() -> None:
    async def anything(_: web.Request) -> web.Response:
        return web.json_response({"token": "good"})

    async def handler(_: web.Request) -> web.Response:
        return bearer(f"http://localhost:{other.port}/token")

    async with (
        serving(anything) as other,
        serving(handler) as peer,
        knowing(GivenCredential(peer.address, ME)) as registry,
    ):
        with pytest.raises(Unauthorized, match="which is another host") as caught:
            await registry.resolve(peer.ref())
    assert other.asked == []
    assert "[token-servers]" in caught.value.hint


async def shown(
    domain: str, registry: str, realm: str, servers: Mapping[str, tuple[str, ...]] | None = None
) -> Call:
    """The request for a token that a challenge brings about."""
    calls: list[Call] = []

    async def ask(call: Call) -> bytes:
        calls.append(call)
        return b'{"token":"good"}'

    authority = Authority(GivenCredential(domain, ME), servers or {})
    challenge = Challenge("bearer", {"realm": realm})
    await authority.answer(domain, Origin.of(registry), SCOPES, (challenge,), "", ask)
    return calls[0]


@pytest.mark.parametrize(
    ("domain", "registry", "realm"),
    [
        ("docker.io", "https://registry-1.docker.io", "https://auth.docker.io/token"),
        ("ghcr.io", "https://ghcr.io", "https://ghcr.io/token"),
        ("registry.gitlab.com", "https://registry.gitlab.com", "https://gitlab.com/jwt/auth"),
        ("corp.example", "https://corp.example", "https://auth.corp.example/token"),
        ("corp.example:5000", "https://corp.example:5000", "https://corp.example:5001/token"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000", "http://127.0.0.1:5001/token"),
    ],
)
async def test_a_place_of_tokens_that_belongs_to_the_registry_sees_the_password(
    domain: str, registry: str, realm: str
) -> None:
    assert (await shown(domain, registry, realm)).authorization == BASIC


@pytest.mark.parametrize(
    ("domain", "registry", "realm"),
    [
        ("ghcr.io", "https://ghcr.io", "https://auth.docker.io/token"),
        ("a.example.com", "https://a.example.com", "https://b.example.com/token"),
        ("corp.example", "https://corp.example", "https://evilcorp.example/token"),
        ("corp.example", "https://corp.example", "https://example/token"),
        ("corp.example", "http://corp.example", "http://corp.example/token"),
        ("corp.example", "http://corp.example", "https://corp.example/token"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000", "https://evil.example/token"),
        ("10.0.0.1", "https://10.0.0.1", "https://0.0.1/token"),
    ],
)
async def test_any_other_place_does_not(domain: str, registry: str, realm: str) -> None:
    with pytest.raises(Unauthorized):
        await shown(domain, registry, realm)


async def test_a_place_that_the_settings_name_sees_it() -> None:
    servers = {"a.example.com": ("b.example.com",)}
    call = await shown("a.example.com", "https://a.example.com", "https://b.example.com/t", servers)
    assert call.authorization == BASIC


async def test_no_password_travels_without_tls() -> None:
    authority = Authority(GivenCredential("lan", ME), {})

    async def ask(_: Call) -> bytes:
        raise AssertionError

    with pytest.raises(Unauthorized, match="without TLS"):
        await authority.answer("lan", Origin.of("http://lan"), SCOPES, (Challenge("basic"),), "", ask)
