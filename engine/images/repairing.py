"""Repairing what a check found: unpacking again from good blobs, and fetching again what is not good."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from engine.errors import LaminaError, NotFound
from engine.images.catalogue import Catalogue, ImageRecord, LayerRecord
from engine.images.check_models import Finding, Subject
from engine.images.commit import rewrite_image
from engine.images.docker_archive import layer_type, make_manifest
from engine.images.documents import Documents, read_documents, read_manifest
from engine.images.offload import patiently, settled
from engine.images.parts import Parts
from engine.images.progress import Meter
from engine.images.recipe import make_recipe, write_recipe
from engine.images.remote import RemoteLayer
from engine.images.transfer import Transfer
from engine.images.trouble import disk_trouble
from engine.layers.removal import move_away, remove_tree
from engine.layers.seam import make_seam, remove_seam
from engine.oci import media
from engine.oci.descriptor import Descriptor
from engine.oci.digest import Digest
from engine.oci.reference import Reference
from engine.registry import RegistryClient
from engine.store.locks import lock

# Documents before what they describe, layers before what is made of them.
_ORDER = (Subject.BLOB, Subject.LAYER, Subject.SEAM)
_UNTYPED = "application/octet-stream"  # what a blob is, its first bytes say


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a finding. :param reason: why it is as it was; "" where it is repaired."""

    reason: str = ""


async def repair(
    parts: Parts, catalogue: Catalogue, findings: tuple[Finding, ...], held: Callable[[Digest], str]
) -> Mapping[Finding, Outcome]:
    """Repair blobs, layers and seams, as far as that can be done.

    :param held: name of a running container of an image, by its id; "" where none runs. What it stands on
        is mounted, and is not replaced under it.
    """
    outcomes = {}
    async with RegistryClient(parts.settings) as client:
        repairer = _Repairer(parts, catalogue, client, held)
        for finding in sorted(findings, key=lambda each: _rank(each, catalogue)):
            if finding.subject not in _ORDER:
                continue
            try:
                await repairer.repair(finding)
            except LaminaError as error:
                outcomes[finding] = Outcome(error.message)
            except OSError as error:
                outcomes[finding] = Outcome(disk_trouble(error).message)
            else:
                outcomes[finding] = Outcome()
    return outcomes


def repair_rows(parts: Parts, catalogue: Catalogue, findings: tuple[Finding, ...]) -> None:
    """Write the rows of images anew from their documents and tables, and let SQLite mend its indexes."""
    if any(finding.subject is Subject.DATABASE for finding in findings):
        with parts.database.write() as connection:
            connection.execute("REINDEX")
    for image_id in {finding.id for finding in findings if finding.subject is Subject.IMAGE}:
        image = catalogue.by_id[Digest(image_id)]
        try:
            documents = read_documents(parts, image)
            if all(map(parts.layers.has, documents.config.diff_ids)):
                _rewrite(parts, image.id, documents)
        except LaminaError:
            continue  # its documents are found damaged themselves, and come first


def _rewrite(parts: Parts, image_id: Digest, documents: Documents) -> None:
    config = documents.config
    usages = {diff_id: parts.layers.usage(diff_id) for diff_id in config.diff_ids}
    recipe = make_recipe(parts, image_id, config.diff_ids, config.run)
    with parts.database.write() as connection:
        rewrite_image(connection, documents.manifest, config, usages, time.time())
        write_recipe(connection, recipe)


def _rank(finding: Finding, catalogue: Catalogue) -> tuple[int, bool, bool]:
    manifests = {image.manifest_digest for image in catalogue.images}
    configs = {image.id for image in catalogue.images}
    return (
        _ORDER.index(finding.subject) if finding.subject in _ORDER else len(_ORDER),
        finding.id not in manifests,
        finding.id not in configs,
    )


class _Repairer:
    def __init__(
        self, parts: Parts, catalogue: Catalogue, client: RegistryClient, held: Callable[[Digest], str]
    ) -> None:
        self._parts = parts
        self._catalogue = catalogue
        self._client = client
        self._held = held

    async def repair(self, finding: Finding) -> None:
        """:raises LaminaError: it cannot be repaired; says why."""
        images = [self._catalogue.by_id[image_id] for image_id in finding.images]
        match finding.subject:
            case Subject.BLOB:
                await self._blob(Digest(finding.id), images)
            case Subject.LAYER:
                self._check_idle(images)
                await self._layer(Digest(finding.id))
            case _:
                self._check_idle(images)
                await settled(lambda: self._seam(images[0].stack))

    def _check_idle(self, images: list[ImageRecord]) -> None:
        for image in images:
            name = self._held(image.id)
            if name:
                raise NotFound(f"the running container {name} stands on it: stop it, then repair again")

    async def _blob(self, digest: Digest, images: list[ImageRecord]) -> None:
        made = await settled(lambda: self._made_again(digest, images))
        if made is not None:
            await self._store(digest, len(made), _once(made))
            return
        problem: LaminaError = _nowhere(images)
        for image in images:
            for reference in _references(image):
                try:
                    await self._fetch(digest, image, reference)
                except LaminaError as error:
                    problem = error
                else:
                    return
        raise problem

    def _made_again(self, digest: Digest, images: list[ImageRecord]) -> bytes | None:
        """A manifest that this program made when the image was loaded from an archive without one."""
        for image in images:
            if digest == image.manifest_digest:
                layers = [
                    (_type_of(self._parts, layer), layer.blob_digest, layer.compressed)
                    for layer in image.layers
                ]
                made = make_manifest((image.id, self._parts.blobs.size(image.id)), layers)
                if Digest.of(made) == digest:
                    return made
        return None

    async def _fetch(self, digest: Digest, image: ImageRecord, reference: Reference) -> None:
        if digest == image.manifest_digest:
            pinned = Reference(reference.domain, reference.path, None, digest)
            _, raw = await self._client.resolve(pinned)
            await self._store(digest, len(raw), _once(raw))
        elif digest == image.id:
            manifest = await settled(lambda: read_manifest(self._parts, image))
            raw = await self._client.config(reference, manifest.config)
            await self._store(digest, len(raw), _once(raw))
        else:
            size = next(layer.compressed for layer in image.layers if layer.blob_digest == digest)
            descriptor = Descriptor(_UNTYPED, digest, size)
            await self._store(digest, size, self._client.blob(reference, descriptor))

    async def _store(self, digest: Digest, size: int, chunks: AsyncGenerator[bytes, None]) -> None:
        """Put a blob in the place of one that is damaged or missing."""
        async with aclosing(chunks), patiently(lambda: self._parts.blobs.ingest(digest, size, 0)) as ingest:
            await settled(ingest.restart)
            async for chunk in chunks:
                await settled(lambda: ingest.write(chunk))  # noqa: B023  it is awaited here
            await settled(ingest.commit)

    async def _layer(self, diff_id: Digest) -> None:
        problem: LaminaError = NotFound(f"no blob of layer {diff_id.short} is known")
        async with self._set_aside(diff_id) as restore:
            for image, layer in self._copies(diff_id):
                for reference in (*_references(image), None):
                    try:
                        await self._unpack(layer, reference)
                    except LaminaError as error:
                        problem = error
                    else:
                        return
            await settled(restore)
        raise problem

    def _copies(self, diff_id: Digest) -> Iterator[tuple[ImageRecord, LayerRecord]]:
        """The layer as each image has it, first those whose blob is here."""
        found = [
            (image, layer)
            for image in self._catalogue.images
            for layer in image.layers
            if layer.diff_id == diff_id
        ]
        yield from sorted(found, key=lambda each: not self._parts.blobs.has(each[1].blob_digest))

    async def _unpack(self, layer: LayerRecord, reference: Reference | None) -> None:
        def fetch(descriptor: Descriptor, offset: int) -> AsyncGenerator[bytes, None]:
            if reference is None:
                raise NotFound("the image has no name, so no registry is known to have it")
            return self._client.blob(reference, descriptor, offset)

        transfer = Transfer(self._parts.layout, self._parts.layers, fetch, 1)
        descriptor = Descriptor(_UNTYPED, layer.blob_digest, layer.compressed)
        remote = RemoteLayer((1,), descriptor, layer.diff_id)
        await transfer.bring(remote, Meter((1,), layer.compressed, None))

    @asynccontextmanager
    async def _set_aside(self, diff_id: Digest) -> AsyncIterator[Callable[[], None]]:
        """Move a damaged layer away for the length of the block; gives what puts it back.

        It keeps the name that a sweep removes, under a lock that keeps the sweep off while we live.
        """
        layout, store = self._parts.layout, self._parts.layers
        final = store.fs(diff_id).parent

        def move() -> tuple[os.PathLike[str], int] | None:
            with lock(layout, store.lock_name(diff_id)):
                aside = move_away(final)
                if aside is None:
                    return None
                descriptor = os.open(aside, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                return aside, descriptor

        moved = await settled(move)

        def restore() -> None:
            if moved is not None and not final.exists():
                os.rename(moved[0], final)

        try:
            yield restore
        except BaseException:
            await settled(restore)
            raise
        finally:
            if moved is not None:
                aside, descriptor = moved
                await settled(lambda: remove_tree(final.with_name(os.path.basename(aside))))
                os.close(descriptor)

    def _seam(self, stack: tuple[Digest, ...]) -> None:
        remove_seam(self._parts.layout, stack)
        make_seam(self._parts.layers, self._parts.layout, stack)


def _references(image: ImageRecord) -> tuple[Reference, ...]:
    return tuple(map(Reference.parse, image.names))


def _nowhere(images: list[ImageRecord]) -> NotFound:
    return NotFound(
        "the image has no name, so no registry is known to have it" if images else "nothing needs it"
    )


def _type_of(parts: Parts, layer: LayerRecord) -> str:
    try:
        with parts.blobs.path(layer.blob_digest).open("rb") as file:
            return layer_type(file.read(4))
    except OSError:
        return media.OCI_LAYER


async def _once(data: bytes) -> AsyncGenerator[bytes, None]:
    yield data
