"""Pushing images that are here, and copying those that are not."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.errors import DigestMismatch, InvalidArgument, Malformed, NotFound, Unauthorized
from engine.images.copying import copy
from engine.images.moves import BlobProgress, BlobState
from engine.images.service import ImageService
from engine.oci import media
from engine.registry import EmbeddedRegistry, RegistryDirectory
from engine.settings import Settings
from engine.store import Journal, Layout
from tests.engine.images.publish import Layer, Registry, index_of, layer, noise
from tests.support.faulty_registry import FOR_EVER, Fault, Faults

BASE = layer({"bin/big": noise("base", 3_000_000)})
APP = layer({"srv/app": noise("app", 5000)})
OTHER = layer({"srv/app": noise("other", 5000)})


class Target:
    """A registry to push to."""

    def __init__(self, root: Path) -> None:
        self.directory = RegistryDirectory(root)
        self.faults = Faults(self.directory)
        self.server = EmbeddedRegistry(self.directory, writable=True, middlewares=[self.faults.middleware])

    def has(self, one: Layer) -> bool:
        return self.directory.blob(one.digest).is_file()


@pytest.fixture
async def target(tmp_path: Path) -> AsyncIterator[Target]:
    made = Target(tmp_path / "target")
    async with made.server:
        yield made
        made.faults.stop()


async def pulled(images: ImageService, registry: Registry, target: Target) -> str:
    """An image that is here, under a name of the target's."""
    source = registry.publish("web:1", BASE, APP)
    await images.pull(source)
    name = f"{target.server.address}/team/web:1"
    images.tag(source, name)
    return name


async def test_a_pushed_image_keeps_its_digest(
    images: ImageService, registry: Registry, target: Target, settings: Settings
) -> None:
    name = await pulled(images, registry, target)
    told: list[BlobProgress] = []
    result = await images.push(name, on_blob=told.append)
    original = registry.directory.manifest("web", "1").digest
    assert result.digest == original == target.directory.manifest("team/web", "1").digest
    assert target.directory.blob(BASE.digest).read_bytes() == BASE.blob
    assert result.sent_bytes == result.total_bytes > len(BASE.blob) + len(APP.blob)
    ends = {one.position: one.state for one in told}
    assert ends == {1: BlobState.DONE, 2: BlobState.DONE}
    assert [event.action for event in Journal(Layout.of(settings)).read(0)][-1] == "push"


async def test_what_the_other_side_has_does_not_travel(
    images: ImageService, registry: Registry, target: Target
) -> None:
    name = await pulled(images, registry, target)
    target.directory.add_blob(BASE.blob)
    result = await images.push(name)
    assert result.there_bytes == len(BASE.blob)
    assert (await images.push(name)).sent_bytes == 0


async def test_a_layer_that_is_not_here_is_told(
    images: ImageService, registry: Registry, target: Target, settings: Settings
) -> None:
    name = await pulled(images, registry, target)
    os.unlink(Layout.of(settings).blobs / BASE.digest.hex)
    with pytest.raises(NotFound, match=f"compressed layer {BASE.digest.short} is not here"):
        await images.push(name)
    with pytest.raises(NotFound):
        target.directory.manifest("team/web", "1")
    target.directory.add_blob(BASE.blob)
    await images.push(name)  # the other side has it: nobody needs it here


async def test_a_layer_that_rotted_here_is_not_taken(
    images: ImageService, registry: Registry, target: Target, settings: Settings
) -> None:
    name = await pulled(images, registry, target)
    path = Layout.of(settings).blobs / BASE.digest.hex
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(1000)
        file.write(b"\0\0\0\0")
    with pytest.raises(DigestMismatch):
        await images.push(name)


async def test_a_push_that_fails_leaves_no_tag_and_goes_on_later(
    images: ImageService, registry: Registry, target: Target, settings: Settings
) -> None:
    name = await pulled(images, registry, target)
    target.faults.inject(Fault.UNAUTHORIZED, "/manifests/", methods=("PUT",))
    with pytest.raises(Unauthorized, match="does not let us in"):
        await images.push(name)
    with pytest.raises(NotFound):
        target.directory.manifest("team/web", "1")
    result = await images.push(name)
    assert result.sent_bytes == 0


async def test_an_image_is_not_removed_while_it_is_pushed(
    images: ImageService, registry: Registry, target: Target, settings: Settings
) -> None:
    name = await pulled(images, registry, target)
    removed: list[str] = []

    def remove(_: BlobProgress) -> None:
        if not removed:
            removed.append(name)
            for one in images.list()[0].names:
                images.remove(one)

    await images.push(name, on_blob=remove)
    assert target.has(BASE)
    assert target.has(APP)


async def test_only_a_tag_can_be_pushed(images: ImageService) -> None:
    with pytest.raises(InvalidArgument, match="by its digest"):
        await images.push(f"127.0.0.1:1/a@sha256:{'0' * 64}")
    with pytest.raises(NotFound):
        await images.push("127.0.0.1:1/a:1")


async def test_the_tags_of_a_repository_are_known(images: ImageService, registry: Registry) -> None:
    one, two = registry.publish("web:1", BASE), registry.publish("web:2", BASE, APP)
    for name in (one, two, registry.publish("other:1", BASE)):
        await images.pull(name)
    assert images.tags_of(one) == (one, two)


async def test_an_image_is_copied_without_coming_here(
    registry: Registry, target: Target, settings: Settings
) -> None:
    source = registry.publish("web:1", BASE, APP)
    to = f"{target.server.address}/copied/web:2"
    result = await copy(settings, source, to)
    assert result.digest == target.directory.manifest("copied/web", "2").digest
    assert target.directory.blob(BASE.digest).read_bytes() == BASE.blob
    assert list(settings.root.iterdir()) == []
    again = await copy(settings, source, to)
    assert (again.sent_bytes, again.there_bytes) == (0, again.total_bytes)
    assert registry.served(BASE).requests == 1


async def test_one_platform_of_an_index_is_copied(
    registry: Registry, target: Target, settings: Settings
) -> None:
    registry.publish("one:1", BASE, APP)
    registry.publish("two:1", BASE, OTHER, platform="arm64")
    index_of(registry, "one", "two")
    result = await copy(
        settings, f"{registry.address}/multi:1", f"{target.server.address}/m:1", platform="linux/arm64"
    )
    assert result.digest == registry.directory.manifest("two", "1").digest
    assert target.has(OTHER)
    assert not target.has(APP)


async def test_all_platforms_are_copied_with_their_attestations(
    registry: Registry, target: Target, settings: Settings
) -> None:
    registry.publish("one:1", BASE, APP)
    registry.publish("two:1", BASE, OTHER, platform="arm64")
    digest = index_of(registry, "one", "two")
    to = f"{target.server.address}/m:1"
    result = await copy(settings, f"{registry.address}/multi:1", to, everything=True)
    assert result.digest == digest == target.directory.manifest("m", "1").digest
    assert result.platforms == 3
    assert target.has(APP)
    assert target.has(OTHER)
    assert registry.served(BASE).requests == 1
    assert target.directory.tags("m") == ["1"]


async def test_a_source_that_breaks_is_taken_up_again(
    registry: Registry, target: Target, settings: Settings
) -> None:
    faults = Faults(registry.directory)
    registry.publish("web:1", BASE, APP)
    async with EmbeddedRegistry(registry.directory, middlewares=[faults.middleware]) as server:
        faults.inject(Fault.RESET, f"/blobs/{BASE.digest}", at=2_000_000)
        await copy(settings, f"{server.address}/web:1", f"{target.server.address}/m:1")
    assert target.directory.blob(BASE.digest).read_bytes() == BASE.blob


async def test_a_source_that_lies_is_told(registry: Registry, target: Target, settings: Settings) -> None:
    faults = Faults(registry.directory)
    registry.publish("web:1", BASE, APP)
    async with EmbeddedRegistry(registry.directory, middlewares=[faults.middleware]) as server:
        faults.inject(Fault.FLIPPED, f"/blobs/{BASE.digest}", at=2_000_000, times=FOR_EVER)
        with pytest.raises(DigestMismatch):
            await copy(settings, f"{server.address}/web:1", f"{target.server.address}/m:1")
    assert not target.has(BASE)
    assert target.directory.repositories() == []


async def test_a_digest_cannot_be_a_target(settings: Settings) -> None:
    with pytest.raises(InvalidArgument, match="not ours to choose"):
        await copy(settings, "127.0.0.1:1/a", f"127.0.0.1:1/a@sha256:{'0' * 64}")


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("media_type", [media.OCI_MANIFEST, media.OCI_INDEX])
async def test_a_broken_document_is_told_with_its_image(
    registry: Registry, target: Target, settings: Settings, media_type: str, everything: bool
) -> None:
    registry.directory.add_manifest("web", "1", b'{"schemaVersion": 2}', media_type)
    source, to = f"{registry.address}/web:1", f"{target.server.address}/m:1"
    with pytest.raises(Malformed, match=source):
        await copy(settings, source, to, everything=everything)
    assert target.directory.repositories() == []
