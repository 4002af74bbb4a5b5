"""The client against a real registry with real images."""

from __future__ import annotations

import hashlib

import pytest

from engine.errors import NotFound
from engine.oci import Manifest, Reference, parse_document, parse_image_config
from engine.registry import RegistryClient
from engine.settings import Settings
from tests.support.peers import RealRegistry

pytestmark = pytest.mark.system


async def test_an_image_is_read_whole(real_registry: RealRegistry, settings: Settings) -> None:
    ref = Reference.parse(real_registry.image("redis:7"))
    async with RegistryClient(settings) as registry:
        descriptor, raw = await registry.resolve(ref)
        manifest = parse_document(raw, descriptor.media_type)
        assert isinstance(manifest, Manifest)
        assert await registry.manifest(ref, descriptor) == raw
        config = parse_image_config(await registry.config(ref, manifest.config))
        assert len(config.diff_ids) == len(manifest.layers)
        top = manifest.layers[-1]
        hasher = hashlib.sha256()
        async for chunk in registry.blob(ref, top):
            hasher.update(chunk)
    assert hasher.hexdigest() == top.digest.hex


async def test_a_blob_goes_on_from_an_offset(real_registry: RealRegistry, settings: Settings) -> None:
    ref = Reference.parse(real_registry.image("redis:7"))
    async with RegistryClient(settings) as registry:
        descriptor, raw = await registry.resolve(ref)
        manifest = parse_document(raw, descriptor.media_type)
        assert isinstance(manifest, Manifest)
        whole = b"".join([chunk async for chunk in registry.blob(ref, manifest.config)])
        rest = b"".join([chunk async for chunk in registry.blob(ref, manifest.config, 100)])
    assert whole[100:] == rest


async def test_tags_are_listed(real_registry: RealRegistry, settings: Settings) -> None:
    ref = Reference.parse(real_registry.image("redis:7"))
    async with RegistryClient(settings) as registry:
        assert "7" in await registry.tags(ref)


async def test_a_tag_that_is_not_there_is_not_found(real_registry: RealRegistry, settings: Settings) -> None:
    ref = Reference.parse(f"{real_registry.host}/redis:no-such-tag")
    async with RegistryClient(settings) as registry:
        with pytest.raises(NotFound, match="redis:no-such-tag"):
            await registry.resolve(ref)
