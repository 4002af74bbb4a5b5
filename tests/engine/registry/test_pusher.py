"""Pushing: only what is missing travels, and what broke goes on where it broke."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from engine.errors import DigestMismatch, NotFound, PermissionDenied, Unavailable
from engine.oci import Descriptor, Digest, Reference, media
from engine.registry import EmbeddedRegistry, Outcome, RegistryDirectory, RegistryPusher, RetryPolicy
from engine.registry import uploads as uploads_module
from engine.registry.credentials import Credential, GivenCredential
from engine.settings import Settings
from tests.engine.registry.peers import HASTY, MANIFEST, Peer, blob_of, serving
from tests.support.faulty_registry import FOR_EVER, Fault, Faults

SMALL = os.urandom(1000)
LARGE = os.urandom(3_000_000)


def reading(data: bytes, step: int = 100_000) -> Callable[[int], AsyncGenerator[bytes, None]]:
    async def read(offset: int) -> AsyncGenerator[bytes, None]:
        for place in range(offset, len(data), step):
            yield data[place : place + step]

    return read


@dataclass(frozen=True, slots=True)
class Taking:
    """A registry that takes images."""

    directory: RegistryDirectory
    faults: Faults
    ref: Reference
    asked: list[tuple[str, str]]

    def count(self, method: str, part: str) -> int:
        return sum(method == verb and part in path for verb, path in self.asked)


@asynccontextmanager
async def taking(root: Path) -> AsyncGenerator[Taking, None]:
    directory = RegistryDirectory(root)
    faults = Faults(directory)
    asked: list[tuple[str, str]] = []

    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        asked.append((request.method, request.path))
        return await handler(request)

    async with EmbeddedRegistry(directory, writable=True, middlewares=[note, faults.middleware]) as server:
        yield Taking(directory, faults, Reference.parse(f"{server.address}/team/app:1"), asked)
        faults.stop()


def pusher(policy: RetryPolicy = HASTY) -> RegistryPusher:
    here = Path("/nonexistent")
    return RegistryPusher(Settings(here, here), retry=policy)


@pytest.mark.parametrize("data", [b"", SMALL, LARGE], ids=["empty", "small", "large"])
async def test_a_blob_arrives_whole(data: bytes, tmp_path: Path) -> None:
    sent: list[int] = []
    async with taking(tmp_path) as it, pusher() as registry:
        outcome = await registry.push_blob(it.ref, blob_of(data), reading(data), on_sent=sent.append)
        assert outcome is Outcome.SENT
        assert it.directory.blob(Digest.of(data)).read_bytes() == data
    assert sent[-1] == len(data)
    assert sent == sorted(sent)


async def test_a_blob_that_is_there_is_not_sent(tmp_path: Path) -> None:
    async with taking(tmp_path) as it, pusher() as registry:
        it.directory.add_blob(LARGE)
        assert await registry.push_blob(it.ref, blob_of(LARGE), reading(b"")) is Outcome.THERE
        assert it.count("POST", "") == 0


async def test_a_manifest_is_kept_under_its_tag(tmp_path: Path) -> None:
    async with taking(tmp_path) as it, pusher() as registry:
        digest = await registry.push_manifest(it.ref, MANIFEST, media.OCI_MANIFEST)
        assert it.directory.manifest("team/app", "1").digest == digest == Digest.of(MANIFEST)
        assert await registry.has_manifest(it.ref, digest)
        assert not await registry.has_manifest(it.ref, Digest.of(b"other"))


async def test_a_manifest_without_a_tag_is_kept_under_its_digest(tmp_path: Path) -> None:
    async with taking(tmp_path) as it, pusher() as registry:
        digest = await registry.push_manifest(it.ref._replace(tag=None), MANIFEST, media.OCI_MANIFEST)
        assert it.directory.manifest("team/app", digest).media_type == media.OCI_MANIFEST
        assert it.directory.tags("team/app") == []


async def test_an_upload_that_broke_goes_on_where_it_broke(tmp_path: Path) -> None:
    offsets: list[int] = []

    async def read(offset: int) -> AsyncGenerator[bytes, None]:
        offsets.append(offset)
        async for chunk in reading(LARGE)(offset):
            yield chunk

    async with taking(tmp_path) as it, pusher() as registry:
        it.faults.inject(Fault.RESET, "/uploads/", at=2_000_000, methods=("PATCH",))
        assert await registry.push_blob(it.ref, blob_of(LARGE), read) is Outcome.SENT
        assert it.directory.blob(Digest.of(LARGE)).read_bytes() == LARGE
        assert it.count("POST", "/uploads/") == 1
    assert offsets[0] == 0
    assert 1_000_000 < offsets[1] <= 2_000_000


@pytest.mark.parametrize(
    "fault", [Fault.RESET, Fault.REFUSED, Fault.SERVER_ERROR, Fault.TOO_MANY, Fault.STALL, Fault.SILENCE]
)
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
async def test_what_may_pass_is_overcome(fault: Fault, method: str, tmp_path: Path) -> None:
    policy = HASTY._replace(settle=0.3)
    async with taking(tmp_path) as it, pusher(policy) as registry:
        it.faults.inject(fault, "/uploads/", methods=(method,), at=0)
        assert await registry.push_blob(it.ref, blob_of(LARGE), reading(LARGE)) is Outcome.SENT
        assert it.directory.blob(Digest.of(LARGE)).read_bytes() == LARGE
    assert len(it.faults.hits) == 1


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
async def test_what_does_not_pass_is_given_up(method: str, tmp_path: Path) -> None:
    async with taking(tmp_path) as it, pusher() as registry:
        it.faults.inject(Fault.SERVER_ERROR, "/uploads/", methods=(method,), times=FOR_EVER)
        with pytest.raises(Unavailable, match=f"blob {Digest.of(LARGE).short} of"):
            await registry.push_blob(it.ref, blob_of(LARGE), reading(LARGE))


async def test_a_registry_that_takes_no_byte_is_given_up(tmp_path: Path) -> None:
    huge = os.urandom(1 << 20) * 24  # more than the buffers between the two hold
    policy = HASTY._replace(stall=0.2, settle=0.2)
    async with taking(tmp_path) as it, pusher(policy) as registry:
        it.faults.inject(Fault.STALL, "/uploads/", methods=("PATCH",), at=1000, times=FOR_EVER)
        with pytest.raises(Unavailable):
            await registry.push_blob(it.ref, blob_of(huge), reading(huge))


async def test_what_the_reader_raises_is_what_is_raised(tmp_path: Path) -> None:
    async def read(offset: int) -> AsyncGenerator[bytes, None]:
        yield LARGE[:200_000]
        raise NotFound("the disk has no more of it")

    async with taking(tmp_path) as it, pusher() as registry:
        with pytest.raises(NotFound, match="no more of it"):
            await registry.push_blob(it.ref, blob_of(LARGE), read)
        assert it.count("PATCH", "") <= 1


async def test_other_bytes_than_the_digest_names_are_told(tmp_path: Path) -> None:
    other = bytes(len(LARGE))
    async with taking(tmp_path) as it, pusher() as registry:
        with pytest.raises(DigestMismatch, match="other bytes"):
            await registry.push_blob(it.ref, blob_of(LARGE), reading(other))


async def test_an_upload_that_was_forgotten_begins_anew(tmp_path: Path) -> None:
    forgetful = iter([404])

    @web.middleware
    async def forget(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method == "PATCH" and (status := next(forgetful, None)):
            await request.content.read()
            return web.Response(status=status)
        return await handler(request)

    directory = RegistryDirectory(tmp_path)
    async with (
        EmbeddedRegistry(directory, writable=True, middlewares=[forget]) as server,
        pusher() as registry,
    ):
        ref = Reference.parse(f"{server.address}/team/app:1")
        await registry.push_blob(ref, blob_of(LARGE), reading(LARGE))
    assert directory.blob(Digest.of(LARGE)).is_file()


async def test_a_registry_that_refuses_so_much_at_once_gets_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads_module, "_PART", 1_000_000)
    sizes: list[int] = []

    @web.middleware
    async def narrow(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method == "PATCH":
            sizes.append(request.content_length or 0)
            if sizes[-1] > 1_000_000:
                await request.content.read()
                return web.Response(status=413)
        return await handler(request)

    directory = RegistryDirectory(tmp_path)
    async with (
        EmbeddedRegistry(directory, writable=True, middlewares=[narrow]) as server,
        pusher() as registry,
    ):
        ref = Reference.parse(f"{server.address}/team/app:1")
        await registry.push_blob(ref, blob_of(LARGE), reading(LARGE))
    assert sizes == [3_000_000, 1_000_000, 1_000_000, 1_000_000]
    assert directory.blob(Digest.of(LARGE)).read_bytes() == LARGE


async def test_nothing_is_sent_to_a_foreign_place_that_the_registry_names() -> None:
    async def handler(request: web.Request) -> web.Response:
        if request.method == "POST":
            return web.Response(status=202, headers={"Location": "http://other.example/upload"})
        return web.Response(status=404)

    async with serving(handler) as peer, pusher() as registry:
        with pytest.raises(Unavailable, match=r"other\.example"):
            await _push(registry, peer)


async def test_an_upload_at_another_port_gets_no_password() -> None:
    async def store(request: web.Request) -> web.Response:
        await request.content.read()
        return web.Response(status=201)

    async def handler(request: web.Request) -> web.Response:
        if "Authorization" not in request.headers:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        if request.method == "POST":
            return web.Response(status=202, headers={"Location": f"http://{other.address}/upload"})
        return web.Response(status=404)

    async with serving(store) as other, serving(handler) as peer:
        here = Path("/nonexistent")
        source = GivenCredential(peer.address, Credential("me", "secret"))
        async with RegistryPusher(Settings(here, here), credentials=source, retry=HASTY) as registry:
            await _push(registry, peer)
    assert other.asked
    assert all("Authorization" not in asked.headers for asked in other.asked)


async def test_who_may_not_push_is_told_to_log_in() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=404 if request.method == "HEAD" else 403)

    async with serving(handler) as peer, pusher() as registry:
        with pytest.raises(PermissionDenied) as caught:
            await _push(registry, peer)
    assert f"lamina login {peer.address}" in caught.value.hint


async def _push(registry: RegistryPusher, peer: Peer) -> Outcome:
    descriptor: Descriptor = blob_of(LARGE)
    return await registry.push_blob(peer.ref(), descriptor, reading(LARGE))
