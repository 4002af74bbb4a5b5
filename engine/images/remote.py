"""What a registry says an image is: manifest and config, read and checked against each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.errors import LimitExceeded, Malformed, NotFound, NotSupported
from engine.images.naming import stored_name
from engine.oci.config import ImageConfig, parse_image_config
from engine.oci.descriptor import Descriptor
from engine.oci.digest import Digest
from engine.oci.manifest import Index, Manifest, choose, parse_document
from engine.oci.platform import Platform
from engine.oci.reference import Reference

if TYPE_CHECKING:
    from engine.registry import RegistryClient

_DEPTH = 3  # an index may hold indexes; nobody needs more than this


@dataclass(frozen=True, slots=True)
class RemoteLayer:
    """One layer as it can be fetched.

    :param positions: where it stands in the stack, 1 is the base; more than one where the stack repeats it.
    """

    positions: tuple[int, ...]
    descriptor: Descriptor
    diff_id: Digest


@dataclass(frozen=True, slots=True)
class RemoteImage:
    """An image of a registry or an archive, all but its layers.

    :param reference: what it is called there; None for one of an archive that has no name.
    :param name: what it is filed under when it is pulled.
    :param index: of all platforms, where the reference names one.
    """

    reference: Reference | None
    name: str
    manifest: Manifest
    config: ImageConfig
    index: Index | None = None

    @property
    def id(self) -> Digest:
        """The digest of its config."""
        return self.manifest.config.digest

    @property
    def label(self) -> str:
        """What people call it: its familiar name, or the start of its id."""
        return self.id.short if self.reference is None else self.reference.familiar

    @property
    def layers(self) -> tuple[RemoteLayer, ...]:
        """Every layer once, in the order of their first place in the stack."""
        found: dict[Digest, RemoteLayer] = {}
        pairs = zip(self.manifest.layers, self.config.diff_ids, strict=True)
        for position, (descriptor, diff_id) in enumerate(pairs, 1):
            known = found.get(diff_id)
            if known is None:
                found[diff_id] = RemoteLayer((position,), descriptor, diff_id)
            else:
                found[diff_id] = replace(known, positions=(*known.positions, position))
        return tuple(found.values())

    @property
    def digests(self) -> set[Digest]:
        """Everything it is made of: diff IDs, and digests of blobs."""
        blobs = {descriptor.digest for descriptor in self.manifest.layers}
        return blobs | {*self.config.diff_ids, self.id, self.manifest.digest}


async def fetch_image(client: RegistryClient, reference: Reference, platform: str) -> RemoteImage:
    """Ask a registry for an image.

    :param platform: `os/architecture[/variant]`; the host's where empty.
    :raises NotFound: there is no such image, or none for the platform.
    :raises Malformed: manifest and config contradict each other.
    """
    wanted = Platform.parse(platform) if platform else Platform.host()
    manifest, index = await _manifest(client, reference, wanted)
    raw = await client.config(reference, manifest.config)
    with document_of(reference):
        config = parse_image_config(raw)
    if len(config.diff_ids) != len(manifest.layers):
        raise Malformed(
            f"{reference.familiar}: its manifest has {len(manifest.layers)} layers, its config"
            f" {len(config.diff_ids)}",
            hint="the image was put together wrongly; tell whoever publishes it",
        )
    # A lone manifest is taken as it is, unless a person asked for a platform that it is not for.
    if platform and config.platform not in wanted.runs():
        raise NotFound(
            f"{reference.familiar} is for {config.platform}, not for {wanted}",
            hint=f"lamina inspect docker://{reference.familiar} lists its platforms",
        )
    return RemoteImage(reference, stored_name(reference), manifest, config, index)


async def _manifest(
    client: RegistryClient, reference: Reference, wanted: Platform
) -> tuple[Manifest, Index | None]:
    """The manifest for a platform, and the outermost index that led to it."""
    descriptor, raw = await client.resolve(reference)
    outermost: Index | None = None
    for _ in range(_DEPTH):
        with document_of(reference):
            document = parse_document(raw, descriptor.media_type)
            if isinstance(document, Manifest):
                return document, outermost
            outermost = outermost or document
            descriptor = choose(document, wanted)
        raw = await client.manifest(reference, descriptor)
    raise Malformed(f"{reference.familiar}: an index inside an index inside an index")


@contextmanager
def document_of(reference: Reference) -> Iterator[None]:
    """Let what is wrong with a document that is read in the block say whose document it is."""
    try:
        yield
    except (Malformed, LimitExceeded, NotFound, NotSupported) as error:
        hint = error.hint or "the registry is at fault, or whoever publishes the image: tell them"
        raise type(error)(f"{reference.familiar}: {error.message}", hint=hint) from error
