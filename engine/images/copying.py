"""Copying an image from registry to registry: nothing is unpacked and nothing is kept here.

Blobs stream through; what the target has is not even read. Manifests go over byte for byte, so every
digest stays what it was.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from engine.errors import InvalidArgument, LimitExceeded, Malformed, NotSupported
from engine.images.moves import BlobState, PushResult
from engine.images.remote import document_of
from engine.images.sending import Cargo, OnBlob, Tally, send_all
from engine.oci import media
from engine.oci.descriptor import DESCRIPTOR_KEYS, Descriptor, read_descriptor
from engine.oci.digest import Digest
from engine.oci.manifest import LAYERS_LIMIT, MANIFEST_LIMIT, Index, choose, parse_document
from engine.oci.platform import Platform
from engine.oci.quote import quoted
from engine.oci.reference import Reference
from engine.oci.strict import read_object
from engine.registry import RegistryClient, RegistryPusher
from engine.registry.uploads import Read
from engine.settings import Settings

_KEYS = ("schemaVersion", "mediaType", "config", "layers", "manifests", "blobs", "subject", "annotations")
_DOCUMENTS_LIMIT = 64 << 20  # bytes of all manifests of one copy
_DEPTH = 3  # an index may hold indexes


@dataclass(frozen=True, slots=True)
class _Document:
    """A manifest or index as it travels, and the blobs it names."""

    media_type: str
    digest: Digest
    raw: bytes
    blobs: tuple[Descriptor, ...]


async def copy(
    settings: Settings,
    source: str,
    target: str,
    *,
    platform: str = "",
    everything: bool = False,
    on_blob: OnBlob | None = None,
) -> PushResult:
    """Copy what `source` names to `target`; see `ImageService.copy`."""
    begun = time.monotonic()
    from_, to = Reference.parse(source), Reference.parse(target)
    if to.digest is not None:
        raise InvalidArgument(
            f"{target} is a digest, which is not ours to choose", hint="give a tag: name:1.2"
        )
    same = from_.domain == to.domain and from_.path != to.path
    mounts = (from_.path,) if same else ()
    tally = Tally()
    async with (
        RegistryClient(settings) as client,
        RegistryPusher(settings, sources=mounts) as pusher,
    ):
        documents = await _documents(client, from_, platform, everything)
        cargo = _cargo(client, from_, documents, mounts)
        await send_all(pusher, to, cargo, settings.parallel_downloads, on_blob, tally)
        # What names others comes after them: the last is what the tag will name.
        for document in documents[:-1]:
            await pusher.push_manifest(Reference(to.domain, to.path, None), document.raw, document.media_type)
        named = documents[-1]
        digest = await pusher.push_manifest(to, named.raw, named.media_type)
    return PushResult(
        source=from_.familiar,
        target=to.familiar,
        digest=digest,
        sent_bytes=tally.of(BlobState.DONE),
        mounted_bytes=tally.of(BlobState.MOUNTED),
        there_bytes=tally.of(BlobState.THERE),
        total_bytes=tally.total,
        platforms=sum(document.media_type in media.MANIFESTS for document in documents),
        seconds=time.monotonic() - begun,
    )


async def _documents(
    client: RegistryClient, reference: Reference, platform: str, everything: bool
) -> list[_Document]:
    """The manifests to copy, those that others name before these."""
    descriptor, raw = await client.resolve(reference)
    if everything:
        found: dict[Digest, _Document] = {}
        await _collect(client, reference, descriptor, raw, found, _DEPTH)
        return list(found.values())
    wanted = Platform.parse(platform) if platform else Platform.host()
    for _ in range(_DEPTH):
        if descriptor.media_type not in media.INDEXES:
            return [_document(reference, descriptor, raw)]
        with document_of(reference):
            descriptor = choose(_index(descriptor, raw), wanted)
        raw = await client.manifest(reference, descriptor)
    raise _too_deep(reference)


async def _collect(
    client: RegistryClient,
    reference: Reference,
    descriptor: Descriptor,
    raw: bytes,
    found: dict[Digest, _Document],
    depth: int,
) -> None:
    if not depth:
        raise _too_deep(reference)
    if descriptor.media_type in media.INDEXES:
        with document_of(reference):
            index = _index(descriptor, raw)
        for entry in index.manifests:
            if entry.digest not in found:
                body = await client.manifest(reference, entry)
                await _collect(client, reference, entry, body, found, depth - 1)
    found[descriptor.digest] = _document(reference, descriptor, raw)
    if sum(len(document.raw) for document in found.values()) > _DOCUMENTS_LIMIT:
        raise LimitExceeded(f"{reference.familiar}: its manifests have more than {_DOCUMENTS_LIMIT} bytes")


def _index(descriptor: Descriptor, raw: bytes) -> Index:
    document = parse_document(raw, descriptor.media_type)
    assert isinstance(document, Index), "checked by its media type"
    return document


def _document(reference: Reference, descriptor: Descriptor, raw: bytes) -> _Document:
    with document_of(reference):
        blobs = () if descriptor.media_type in media.INDEXES else _blobs(descriptor, raw)
    return _Document(descriptor.media_type, descriptor.digest, raw, blobs)


def _blobs(descriptor: Descriptor, raw: bytes) -> tuple[Descriptor, ...]:
    """Config and layers of a manifest, be it an image, an attestation or another artifact."""
    if descriptor.media_type not in media.MANIFESTS:
        raise NotSupported(f"a document of type {quoted(descriptor.media_type)} cannot be copied")
    fields = read_object(raw, "manifest", MANIFEST_LIMIT, _KEYS)
    if "manifests" in fields or fields.text("mediaType", "") not in ("", descriptor.media_type):
        raise Malformed("the manifest is not what it is called")
    config = read_descriptor(fields.fields("config", DESCRIPTOR_KEYS))
    layers = (read_descriptor(layer) for layer in fields.each("layers", DESCRIPTOR_KEYS, LAYERS_LIMIT))
    return (config, *layers)


def _cargo(
    client: RegistryClient, reference: Reference, documents: list[_Document], mounts: tuple[str, ...]
) -> list[Cargo]:
    def reader(blob: Descriptor) -> Read:
        def read(offset: int) -> AsyncGenerator[bytes, None]:
            return client.blob(reference, blob, offset)

        return read

    found: dict[Digest, Cargo] = {}
    for document in documents:
        for position, blob in enumerate(document.blobs):
            if blob.digest not in found and not _stays(blob):
                number = sum(1 for each in found.values() if each.position) + 1 if position else 0
                found[blob.digest] = Cargo(blob, reader(blob), number, mounts)
    return list(found.values())


def _stays(blob: Descriptor) -> bool:
    """Layers that may not be distributed are fetched from elsewhere by whoever pulls."""
    return ".nondistributable." in blob.media_type or ".foreign." in blob.media_type


def _too_deep(reference: Reference) -> Malformed:
    return Malformed(f"{reference.familiar}: an index inside an index inside an index")
