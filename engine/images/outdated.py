"""Which local tags their registry has moved on from, and what following would cost; no layer is fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import LaminaError, NotFound
from engine.images.arriving import bytes_kept, layers_here
from engine.images.catalogue import ImageRecord, read_catalogue
from engine.images.moves import Standing, TagStanding
from engine.images.naming import find
from engine.images.offload import settled
from engine.images.parts import Parts
from engine.images.plan import make_plan
from engine.images.remote import document_of, fetch_image
from engine.oci.digest import Digest
from engine.oci.manifest import Index, choose, parse_document
from engine.oci.platform import Platform
from engine.oci.reference import Reference
from engine.registry import RegistryClient

_PARALLEL = 8  # tags asked for at the same time

OnStanding = Callable[[TagStanding], None]


@dataclass(frozen=True, slots=True)
class _Tag:
    reference: Reference
    image: ImageRecord


async def outdated(
    parts: Parts, names: tuple[str, ...] = (), on_standing: OnStanding | None = None
) -> list[TagStanding]:
    """How local tags stand to their registries; see `ImageService.outdated`."""
    tags = await settled(lambda: _tags(parts, names))
    turns = asyncio.Semaphore(_PARALLEL)
    async with RegistryClient(parts.settings) as client:

        async def look(tag: _Tag) -> TagStanding:
            async with turns:
                standing = await _standing(parts, client, tag)
            if on_standing is not None:
                on_standing(standing)
            return standing

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(look(tag)) for tag in tags]
    return [task.result() for task in tasks]


def _tags(parts: Parts, names: tuple[str, ...]) -> list[_Tag]:
    with parts.database.read() as connection:
        catalogue = read_catalogue(connection)
    wanted = [find(catalogue, name) for name in names]
    found = []
    for name, image in sorted(catalogue.by_name.items()):
        chosen = not names or any(match.name == name or match.image == image for match in wanted)
        reference = Reference.parse(name)
        if chosen and reference.tag:  # what is named by its digest cannot change
            found.append(_Tag(reference, image))
    return found


async def _standing(parts: Parts, client: RegistryClient, tag: _Tag) -> TagStanding:
    name, image = tag.reference.familiar, tag.image
    try:
        remote = await _remote_digest(client, tag)
        if remote == image.manifest_digest:
            return TagStanding(name, Standing.CURRENT, image.id, image.manifest_digest, remote)
        newer = await fetch_image(client, tag.reference, image.platform)
    except NotFound:
        return TagStanding(name, Standing.GONE, image.id, image.manifest_digest)
    except LaminaError as error:
        return TagStanding(name, Standing.UNKNOWN, image.id, image.manifest_digest, reason=error.message)
    if newer.id == image.id:  # the same image in other clothes: its layers are compressed anew, say
        return TagStanding(name, Standing.CURRENT, image.id, image.manifest_digest, newer.manifest.digest)
    here = await settled(lambda: layers_here(parts, newer))
    plan = make_plan(newer, here, {}, await settled(lambda: bytes_kept(parts, newer, here)))
    return TagStanding(
        name,
        Standing.NEWER,
        image.id,
        image.manifest_digest,
        newer.manifest.digest,
        fetch_bytes=plan.fetch_bytes,
        total_bytes=plan.total_bytes,
        fetch_layers=len({layer.diff_id for layer in plan.layers if not layer.here}),
        layers=len({layer.diff_id for layer in plan.layers}),
    )


async def _remote_digest(client: RegistryClient, tag: _Tag) -> Digest:
    """The digest of the manifest that the registry has under a tag for the image's platform.

    The first question is a HEAD, which costs nothing where pulls are counted.

    :raises NotFound: there is none.
    """
    said = await client.digest(tag.reference)
    if said == tag.image.manifest_digest:
        return said
    descriptor, raw = await client.resolve(tag.reference)
    with document_of(tag.reference):
        document = parse_document(raw, descriptor.media_type)
        if isinstance(document, Index):
            return choose(document, Platform.parse(tag.image.platform)).digest
    return descriptor.digest
