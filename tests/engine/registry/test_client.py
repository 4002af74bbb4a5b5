"""Manifests, configs and tags: verified, bounded, and asked for again where that may help."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from engine.errors import (
    DigestMismatch,
    LimitExceeded,
    Malformed,
    NotFound,
    PermissionDenied,
    Unauthorized,
    Unavailable,
)
from engine.oci import Descriptor, Digest, Reference, media
from engine.oci.config import CONFIG_LIMIT
from engine.oci.manifest import MANIFEST_LIMIT
from engine.registry import EmbeddedRegistry, RegistryDirectory
from engine.registry.served import announce
from tests.engine.registry.peers import (
    HASTY,
    MANIFEST,
    blob_of,
    client,
    manifest_response,
    read,
    serving,
    unasked,
)


async def test_a_tag_is_resolved_to_what_it_names() -> None:
    async def handler(_: web.Request) -> web.Response:
        return manifest_response()

    async with serving(handler) as peer, client() as registry:
        descriptor, raw = await registry.resolve(peer.ref())
    assert (descriptor, raw) == (Descriptor(media.OCI_MANIFEST, Digest.of(MANIFEST), len(MANIFEST)), MANIFEST)
    assert peer.asked[0].path == "/v2/lab/web/manifests/1"
    accepted = peer.asked[0].headers["Accept"]
    assert all(each in accepted for each in media.MANIFESTS | media.INDEXES)
    assert "Authorization" not in peer.asked[0].headers


async def test_a_digest_wins_over_the_tag() -> None:
    async def handler(_: web.Request) -> web.Response:
        return manifest_response()

    digest = Digest.of(MANIFEST)
    async with serving(handler) as peer, client() as registry:
        await registry.resolve(peer.ref(f"lab/web:1@{digest}"))
    assert peer.asked[0].path == f"/v2/lab/web/manifests/{digest}"


async def test_another_manifest_than_the_digest_says_is_refused() -> None:
    async def handler(_: web.Request) -> web.Response:
        return manifest_response()

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(DigestMismatch):
            await registry.resolve(peer.ref(f"lab/web@{Digest.of(b'other')}"))
        with pytest.raises(DigestMismatch):
            await registry.manifest(
                peer.ref(), Descriptor(media.OCI_MANIFEST, Digest.of(b"other"), len(MANIFEST))
            )
        with pytest.raises(DigestMismatch):
            await registry.manifest(peer.ref(), Descriptor(media.OCI_MANIFEST, Digest.of(MANIFEST), 7))


async def test_a_digest_header_that_does_not_fit_is_refused() -> None:
    async def handler(_: web.Request) -> web.Response:
        response = manifest_response()
        response.headers["Docker-Content-Digest"] = Digest.of(b"other")
        return response

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(DigestMismatch):
            await registry.resolve(peer.ref())


async def test_a_manifest_sent_under_another_type_than_its_index_says_is_refused() -> None:
    async def handler(_: web.Request) -> web.Response:
        return manifest_response(media_type=media.OCI_INDEX)

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(Malformed):
            await registry.manifest(
                peer.ref(), Descriptor(media.OCI_MANIFEST, Digest.of(MANIFEST), len(MANIFEST))
            )


async def test_too_large_a_manifest_is_refused_with_and_without_a_length() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/long"):
            return manifest_response(b" " * (MANIFEST_LIMIT + 1))
        response = web.StreamResponse()
        await response.prepare(request)
        while True:  # until the client has had enough
            await response.write(b" " * 65536)

    async with serving(handler) as peer, client() as registry:
        for tag in ("long", "endless"):
            with pytest.raises(LimitExceeded):
                await registry.resolve(peer.ref(f"lab/web:{tag}"))
    assert len(peer.asked) == 2


async def test_a_config_is_verified_and_bounded() -> None:
    config = b'{"os":"linux"}'

    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=config)

    async with serving(handler) as peer, client() as registry:
        ref = peer.ref()
        assert await registry.config(ref, blob_of(config)) == config
        with pytest.raises(DigestMismatch):
            await registry.config(ref, blob_of(b'{"os":"Linux"}'))
        with pytest.raises(LimitExceeded):
            await registry.config(ref, blob_of(b"shorter"))
        asked = len(peer.asked)
        with pytest.raises(LimitExceeded):
            await registry.config(ref, Descriptor(media.OCI_CONFIG, Digest.of(config), CONFIG_LIMIT + 1))
        assert len(peer.asked) == asked


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_registry_that_recovers_is_asked_again(status: int) -> None:
    async def handler(_: web.Request) -> web.Response:
        if len(peer.asked) < 3:
            return web.Response(status=status, headers={"Retry-After": "0"})
        return manifest_response()

    async with serving(handler) as peer, client() as registry:
        assert (await registry.resolve(peer.ref()))[1] == MANIFEST
    assert len(peer.asked) == 3


async def test_a_registry_that_does_not_recover_is_given_up() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=503)

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(
            Unavailable, match=rf"lab/web:1: {peer.address} .*503 Service Unavailable"
        ) as caught:
            await registry.resolve(peer.ref())
    assert caught.value.hint
    assert len(peer.asked) == 4


async def test_a_registry_that_asks_for_more_time_than_we_give_is_not_waited_for() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "3600"})

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(Unavailable) as caught:
            await registry.resolve(peer.ref())
    assert "3600 seconds" in caught.value.hint
    assert len(peer.asked) == 1


async def test_a_connection_that_breaks_is_made_again() -> None:
    async def handler(request: web.Request) -> web.Response:
        if len(peer.asked) < 3:
            assert request.transport is not None
            request.transport.abort()
        return manifest_response()

    async with serving(handler) as peer, client() as registry:
        assert (await registry.resolve(peer.ref()))[1] == MANIFEST


async def test_a_registry_that_falls_silent_is_asked_again() -> None:
    asked_again = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        if len(peer.asked) > 1:
            asked_again.set()
            return manifest_response()
        response = web.StreamResponse()
        response.content_length = len(MANIFEST)
        await response.prepare(request)
        await response.write(MANIFEST[:3])
        await asked_again.wait()
        return response

    async with serving(handler) as peer, client() as registry:
        assert (await registry.resolve(peer.ref()))[1] == MANIFEST


async def test_a_registry_that_trickles_a_manifest_is_given_up() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:  # until the client has had enough
            await response.write(b" ")
            await asyncio.sleep(0.01)

    policy = HASTY._replace(attempts=2, document=0.1)
    async with serving(handler) as peer, client(policy=policy) as registry:
        with pytest.raises(Unavailable, match=r"no whole answer in 0\.1 seconds"):
            await registry.resolve(peer.ref())


async def test_nobody_at_the_address_is_told_with_host_and_reason() -> None:
    async with serving(unasked) as peer:
        pass
    async with client() as registry:
        with pytest.raises(
            Unavailable, match=rf"{peer.address} does not answer: Connection refused"
        ) as caught:
            await registry.resolve(peer.ref())
    assert caught.value.hint


async def test_a_name_that_does_not_resolve_is_told() -> None:
    async with client() as registry:
        with pytest.raises(
            Unavailable, match=r"registry\.invalid does not answer: its name cannot be resolved"
        ):
            await registry.resolve(Reference.parse("registry.invalid/a"))


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, NotFound), (401, Unauthorized), (403, PermissionDenied), (400, Unavailable), (418, Unavailable)],
)
async def test_a_refusal_is_told_with_the_registry_s_own_words_made_safe(
    status: int, error: type[Exception]
) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.json_response({"errors": [{"code": "X", "message": "no\x1b[31m way"}]}, status=status)

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(error, match=r"/lab/web:1: .*no\\x1b\[31m way"):
            await registry.resolve(peer.ref())
    assert len(peer.asked) == 1


@pytest.mark.parametrize("body", [b"<html>", b'{"errors":7}', b"{" * 1000, b"\xff" * (1 << 20)])
async def test_a_refusal_without_words_is_told_all_the_same(body: bytes) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=404, body=body)

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(NotFound, match=f"{peer.address}/lab/web:1: not found on {peer.address}$"):
            await registry.resolve(peer.ref())


async def test_tags_are_read_page_by_page(tmp_path: Path) -> None:
    directory = RegistryDirectory(tmp_path)
    tags = [f"t{number:04}" for number in range(2300)]
    directory.add_manifest("lab/web", "t0000", MANIFEST, media.OCI_MANIFEST)
    entry = (tmp_path / "repositories/lab/web/_tags/t0000").read_bytes()
    for tag in tags:
        (tmp_path / "repositories/lab/web/_tags" / tag).write_bytes(entry)
    async with EmbeddedRegistry(directory) as server, client() as registry:
        assert await registry.tags(Reference.parse(f"{server.address}/lab/web")) == tags


@pytest.mark.parametrize(
    "link", ["http://other.example/v2/lab/web/tags/list?last=a", "?last=a", "list?last=a"]
)
async def test_the_next_page_of_tags_is_asked_for_here_whatever_host_is_written(link: str) -> None:
    async def handler(request: web.Request) -> web.Response:
        headers = {} if request.query.get("last") else {"Link": f'<{link}>; rel="next"'}
        return web.json_response({"tags": [request.query.get("last", "first")]}, headers=headers)

    async with serving(handler) as peer, client() as registry:
        assert await registry.tags(peer.ref()) == ["first", "a"]


async def test_tags_without_end_are_refused() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.json_response({"tags": ["a"]}, headers={"Link": '</v2/lab/web/tags/list?n=1>; rel="next"'})

    async with serving(handler) as peer, client() as registry:
        with pytest.raises(LimitExceeded):
            await registry.tags(peer.ref())


@pytest.mark.parametrize("document", [{"tags": None}, {}])
async def test_a_repository_without_tags_has_none(document: dict[str, Any]) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.json_response(document)

    async with serving(handler) as peer, client() as registry:
        assert await registry.tags(peer.ref()) == []


async def test_connections_are_kept_for_the_next_request() -> None:
    ports = set[object]()

    async def handler(request: web.Request) -> web.Response:
        assert request.transport is not None
        ports.add(request.transport.get_extra_info("peername"))
        return manifest_response()

    async with serving(handler) as peer, client() as registry:
        for _ in range(5):
            await registry.resolve(peer.ref())
    assert len(ports) == 1


async def test_what_this_machine_announces_is_asked_there(tmp_path: Path) -> None:
    directory = RegistryDirectory(tmp_path / "images")
    blob = directory.add_blob(b"layer")
    directory.add_manifest("lab/web", "1", MANIFEST, media.OCI_MANIFEST)
    ref = Reference.parse("lab/web:1")
    async with EmbeddedRegistry(directory) as server, client(run=tmp_path) as registry:
        with open(announce(tmp_path, "docker.io/lab/", server.address)):
            assert (await registry.resolve(ref))[1] == MANIFEST
            assert await read(registry, ref, blob) == b"layer"
            assert await registry.tags(ref) == ["1"]
