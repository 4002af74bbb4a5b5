"""Puts the machine back to rest between two timings, so that none pays for what the one before it left."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from engine.oci import Manifest, Platform, Reference, choose, parse_document
from engine.registry import RegistryClient
from engine.settings import load_settings


def settle(image: str) -> None:
    """Let the filesystem forget what was deleted, and have the registry's files in memory all the same.

    ext4 does not give out an inode that was freed in the last minutes, but steps over each of them: every
    pull and removal in a row made the next pull slower, for every engine, up to four times. It knows when an
    inode was freed only while that block of the inode table is in memory, so all caches are dropped, and the
    image is read from its registry once.

    :param image: what is pulled next. :raises OSError: caches cannot be dropped here.
    """
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3\n")
    asyncio.run(_read(Reference.parse(image)))


async def _read(reference: Reference) -> None:
    async with RegistryClient(load_settings()) as client:
        descriptor, raw = await client.resolve(reference)
        document = parse_document(raw, descriptor.media_type)
        if not isinstance(document, Manifest):
            descriptor = choose(document, Platform.host())
            raw = await client.manifest(reference, descriptor)
            document = parse_document(raw, descriptor.media_type)
        assert isinstance(document, Manifest)
        for layer in document.layers:
            async for _ in client.blob(reference, layer):
                pass
