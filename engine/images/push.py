"""Pushing an image: the blobs its registry lacks, as they were pulled, and its manifest last."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path

from engine.errors import Corrupt, InvalidArgument, NotFound
from engine.events import Event
from engine.images.catalogue import Catalogue, ImageRecord, read_catalogue
from engine.images.moves import BlobState, PushResult
from engine.images.naming import find
from engine.images.offload import settled
from engine.images.parts import Parts
from engine.images.sending import Cargo, OnBlob, Tally, send_all
from engine.oci.descriptor import Descriptor
from engine.oci.digest import Digest
from engine.oci.manifest import MANIFEST_LIMIT, Manifest, parse_document
from engine.oci.reference import Reference
from engine.registry import RegistryPusher
from engine.registry.uploads import Read
from engine.store.leases import drop_lease, lease_name, take_lease
from engine.store.locks import lock

_CHUNK = 1 << 20


async def push(parts: Parts, name: str, on_blob: OnBlob | None = None) -> PushResult:
    """Give a registry an image that is here, under the name it has here; see `ImageService.push`."""
    begun = time.monotonic()
    target = _target(name)
    lease = lease_name()
    try:
        catalogue, image, manifest = await settled(lambda: _prepare(parts, lease, name))
        sources = {path for paths in _holders(catalogue, target).values() for path in paths}
        cargo = _cargo(parts, catalogue, manifest, target)
        tally = Tally()
        async with RegistryPusher(parts.settings, sources=sorted(sources)) as pusher:
            await send_all(pusher, target, cargo, parts.settings.parallel_downloads, on_blob, tally)
            digest = await pusher.push_manifest(target, manifest.raw, manifest.media_type)
        event = Event(time.time(), "image", "push", image.id, {"name": target.familiar})
        await settled(lambda: parts.journal.append(event))
    finally:
        await settled(lambda: _release(parts, lease))
    return PushResult(
        source=target.familiar,
        target=target.familiar,
        digest=digest,
        sent_bytes=tally.of(BlobState.DONE),
        mounted_bytes=tally.of(BlobState.MOUNTED),
        there_bytes=tally.of(BlobState.THERE),
        total_bytes=tally.total,
        platforms=1,
        seconds=time.monotonic() - begun,
    )


def tags_here(parts: Parts, name: str) -> list[str]:
    """The local names in a repository that have a tag, familiar and sorted.

    :raises NotFound: there is none.
    """
    wanted = Reference.parse(name).repository
    with parts.database.read() as connection:
        names = map(Reference.parse, read_catalogue(connection).by_name)
    found = sorted(each.familiar for each in names if each.tag and each.repository == wanted)
    if not found:
        raise NotFound(f"no image here has a tag in {wanted}", hint="lamina images shows what is here")
    return found


def _target(name: str) -> Reference:
    reference = Reference.parse(name)
    if reference.digest is not None:
        raise InvalidArgument(
            f"{reference.familiar} names an image by its digest",
            hint="push it by a tag: lamina tag, then push",
        )
    return reference


def _prepare(parts: Parts, lease: str, name: str) -> tuple[Catalogue, ImageRecord, Manifest]:
    """The image, its blobs kept from being removed."""
    with lock(parts.layout, "content", shared=True), parts.database.write() as connection:
        catalogue = read_catalogue(connection)
        image = find(catalogue, name).image
        blobs = {layer.blob_digest for layer in image.layers}
        take_lease(connection, lease, {*blobs, *image.stack, image.id, image.manifest_digest})
    document = parse_document(parts.blobs.read(image.manifest_digest, MANIFEST_LIMIT))
    if not isinstance(document, Manifest):
        raise Corrupt(f"the manifest of {name} is an index", hint="remove the image and pull it again")
    return catalogue, image, document


def _release(parts: Parts, lease: str) -> None:
    with parts.database.write() as connection:
        drop_lease(connection, lease)


def _cargo(parts: Parts, catalogue: Catalogue, manifest: Manifest, target: Reference) -> list[Cargo]:
    holders = _holders(catalogue, target)

    def cargo(descriptor: Descriptor, position: int = 0) -> Cargo:
        path = parts.blobs.path(descriptor.digest)
        mounts = tuple(sorted(holders.get(descriptor.digest, ())))
        return Cargo(descriptor, reader(path, descriptor), position, mounts)

    layers = (cargo(layer, position) for position, layer in enumerate(manifest.layers, 1))
    return [cargo(manifest.config), *layers]


def _holders(catalogue: Catalogue, target: Reference) -> dict[Digest, set[str]]:
    """Other repositories of the target's registry that should have a blob, because it came from there."""
    found: dict[Digest, set[str]] = {}
    for image in catalogue.images:
        for path in _elsewhere(image.names, target):
            for digest in (image.id, *(layer.blob_digest for layer in image.layers)):
                found.setdefault(digest, set()).add(path)
    return found


def _elsewhere(names: Iterable[str], target: Reference) -> Iterable[str]:
    for name in names:
        reference = Reference.parse(name)
        if reference.domain == target.domain and reference.path != target.path:
            yield reference.path


def reader(path: Path, descriptor: Descriptor) -> Read:
    """The bytes of a blob file from an offset on.

    The generator raises `NotFound` where the blob is not here, `Corrupt` where it is shorter than it should
    be or cannot be read.
    """

    async def read(offset: int) -> AsyncGenerator[bytes, None]:
        try:
            file = await asyncio.to_thread(os.open, path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise NotFound(
                f"the compressed layer {descriptor.digest.short} is not here, and the registry lacks it",
                hint="pull the image again, or push it to where it came from",
            ) from None
        try:
            while offset < descriptor.size:
                wanted = min(_CHUNK, descriptor.size - offset)
                place = offset
                chunk = await settled(lambda: os.pread(file, wanted, place))  # noqa: B023  it is awaited here
                if not chunk:
                    raise Corrupt(f"blob {descriptor.digest} is shorter than {descriptor.size} bytes")
                offset += len(chunk)
                yield chunk
        except OSError as error:
            raise Corrupt(f"blob {descriptor.digest} cannot be read: {error.strerror}") from error
        finally:
            os.close(file)

    return read
