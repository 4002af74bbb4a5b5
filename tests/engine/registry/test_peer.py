"""Pushing to a real docker-registry, open and private."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from engine.errors import NotFound, Unauthorized
from engine.oci import Digest, Reference, media
from engine.registry import Outcome, RegistryClient, RegistryPusher
from engine.registry.credentials import Credential, GivenCredential
from engine.registry.login import login, logout
from engine.settings import Settings
from tests.engine.registry.peers import HASTY, blob_of
from tests.engine.registry.test_pusher import reading
from tests.support.peers import PeerRegistry, peer_registry
from tests.support.token_server import token_server

pytestmark = pytest.mark.system

DATA = os.urandom(5_000_000)
SMALL = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
ME = Credential("me", "correct horse")
# bcrypt of the password above, as htpasswd -B writes it.
HTPASSWD = "me:$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2\n"


def manifest() -> bytes:
    config, layer = blob_of(SMALL), blob_of(DATA)
    return (
        f'{{"schemaVersion":2,"mediaType":"{media.OCI_MANIFEST}",'
        f'"config":{{"mediaType":"{media.OCI_CONFIG}","digest":"{config.digest}","size":{config.size}}},'
        f'"layers":[{{"mediaType":"{media.OCI_LAYER_GZIP}","digest":"{layer.digest}","size":{layer.size}}}]}}'
    ).encode()


async def push(pusher: RegistryPusher, ref: Reference, mounts: tuple[str, ...] = ()) -> list[Outcome]:
    outcomes = [
        await pusher.push_blob(ref, blob_of(data), reading(data), mounts=mounts) for data in (SMALL, DATA)
    ]
    await pusher.push_manifest(ref, manifest(), media.OCI_MANIFEST)
    return outcomes


async def test_what_is_pushed_comes_back_by_its_digest(peer_registry: PeerRegistry, tmp_path: Path) -> None:
    settings = Settings(tmp_path, tmp_path)
    ref = Reference.parse(f"{peer_registry.host}/pushed/whole:1")
    async with RegistryPusher(settings) as pusher:
        assert await push(pusher, ref) == [Outcome.SENT, Outcome.SENT]
        assert await push(pusher, ref) == [Outcome.THERE, Outcome.THERE]
    async with RegistryClient(settings) as client:
        assert await client.digest(ref) == Digest.of(manifest())
        assert (await client.resolve(ref))[1] == manifest()
        assert b"".join([chunk async for chunk in client.blob(ref, blob_of(DATA))]) == DATA


async def test_a_blob_of_another_repository_is_mounted(peer_registry: PeerRegistry, tmp_path: Path) -> None:
    settings = Settings(tmp_path, tmp_path)
    async with RegistryPusher(settings, sources=["mount/from", "mount/nowhere"]) as pusher:
        await push(pusher, Reference.parse(f"{peer_registry.host}/mount/from:1"))
        to = Reference.parse(f"{peer_registry.host}/mount/to:1")
        outcomes = await push(pusher, to, ("mount/nowhere", "mount/from"))
    assert outcomes == [Outcome.MOUNTED, Outcome.MOUNTED]


async def test_an_upload_that_breaks_is_completed(peer_registry: PeerRegistry, tmp_path: Path) -> None:
    """This registry forgets an upload that broke, so it begins anew."""
    calls: list[int] = []

    async def read(offset: int) -> AsyncGenerator[bytes, None]:
        calls.append(offset)
        async for chunk in reading(DATA)(offset):
            if len(calls) == 1 and offset >= 0:
                calls.append(-1)
                raise ConnectionResetError  # as a broken connection ends the sending
            yield chunk

    ref = Reference.parse(f"{peer_registry.host}/pushed/broken:1")
    async with RegistryPusher(Settings(tmp_path, tmp_path), retry=HASTY) as pusher:
        assert await pusher.push_blob(ref, blob_of(DATA), read) is Outcome.SENT
        assert await pusher.has_blob(ref, blob_of(DATA))


async def test_tags_of_a_repository_that_is_not_there(peer_registry: PeerRegistry, tmp_path: Path) -> None:
    async with RegistryClient(Settings(tmp_path, tmp_path)) as client:
        with pytest.raises(NotFound):
            await client.tags(Reference.parse(f"{peer_registry.host}/no/such"))


async def test_a_registry_with_passwords(tmp_path: Path) -> None:
    (tmp_path / "htpasswd").write_text(HTPASSWD)
    auth = f'{{htpasswd: {{realm: x, path: "{tmp_path}/htpasswd"}}}}'
    settings = Settings(tmp_path, tmp_path, credential_files=(tmp_path / "credentials.json",))
    with peer_registry(tmp_path, auth) as peer:
        ref = Reference.parse(f"{peer.host}/private/app:1")
        async with RegistryPusher(settings) as pusher:
            with pytest.raises(Unauthorized, match="does not let us in"):
                await push(pusher, ref)
        with pytest.raises(Unauthorized):
            await login(settings, peer.host, Credential("me", "wrong"))
        assert not (tmp_path / "credentials.json").exists()
        done = await login(settings, peer.host, ME)
        assert done.in_the_clear
        async with RegistryPusher(settings) as pusher:
            assert await push(pusher, ref) == [Outcome.SENT, Outcome.SENT]
        async with RegistryClient(settings) as client:
            assert (await client.resolve(ref))[1] == manifest()
            assert await client.repositories(peer.host) == ["private/app"]
        assert (await logout(settings, peer.host)).removed
        async with RegistryClient(settings) as client:
            with pytest.raises(Unauthorized):
                await client.resolve(ref)


async def test_a_registry_with_tokens(tmp_path: Path) -> None:
    settings = Settings(tmp_path, tmp_path)
    async with token_server(tmp_path, ME.username, ME.secret) as tokens:
        with peer_registry(tmp_path, tokens.auth) as peer:
            source = GivenCredential(peer.host, ME)
            ref = Reference.parse(f"{peer.host}/guarded/app:1")
            async with RegistryPusher(settings) as pusher:
                with pytest.raises(Unauthorized):
                    await push(pusher, ref)
            async with RegistryPusher(settings, sources=["guarded/app"], credentials=source) as pusher:
                assert await push(pusher, ref) == [Outcome.SENT, Outcome.SENT]
                other = Reference.parse(f"{peer.host}/guarded/other:1")
                assert await push(pusher, other, ("guarded/app",)) == [Outcome.MOUNTED, Outcome.MOUNTED]
            async with RegistryClient(settings) as client:
                assert (await client.resolve(ref))[1] == manifest()
    scopes = ("repository:guarded/other:pull,push", "repository:guarded/app:pull")
    assert (scopes, True) in tokens.asked
    assert (("repository:guarded/app:pull",), False) in tokens.asked


async def test_a_cancelled_push_ends_at_once(peer_registry: PeerRegistry, tmp_path: Path) -> None:
    began, never = asyncio.Event(), asyncio.Event()

    async def read(offset: int) -> AsyncGenerator[bytes, None]:
        yield DATA[:1000]
        began.set()
        await never.wait()

    ref = Reference.parse(f"{peer_registry.host}/pushed/cancelled:1")
    async with RegistryPusher(Settings(tmp_path, tmp_path)) as pusher:
        task = asyncio.create_task(pusher.push_blob(ref, blob_of(DATA), read))
        async with asyncio.timeout(30):
            await began.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
