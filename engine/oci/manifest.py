"""Manifests and indexes: what an image is made of, and which images there are by platform.

Sources: OCI image-spec 1.1, manifest.md and image-index.md; Docker "Image Manifest Version 2, Schema 2".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import Malformed, NotFound, NotSupported
from engine.oci import media
from engine.oci.descriptor import DESCRIPTOR_KEYS, Descriptor, read_descriptor
from engine.oci.digest import Digest
from engine.oci.platform import Platform
from engine.oci.quote import quoted
from engine.oci.strict import Fields, read_object

MANIFEST_LIMIT = 4 << 20  # bytes, as the distribution specification asks registries to accept
LAYERS_LIMIT = 500  # overlayfs stacks fewer; Docker stops at 127
_ENTRIES_LIMIT = 4096
_KEYS = (
    "schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations",
    "fsLayers", "history", "signatures", "blobs",
)  # fmt: skip
_ATTESTATION = ("vnd.docker.reference.type", "attestation-manifest")


@dataclass(frozen=True, slots=True)
class Manifest:
    """One image: its config and its layers, base first.

    :param digest: of `raw`, the document as it travelled.
    """

    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: Mapping[str, str] = field(hash=False)
    digest: Digest
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Index:
    """One name for images of several platforms.

    :param digest: of `raw`, the document as it travelled.
    """

    media_type: str
    manifests: tuple[Descriptor, ...]
    annotations: Mapping[str, str] = field(hash=False)
    digest: Digest
    raw: bytes = field(repr=False)


def parse_document(raw: bytes, content_type: str = "") -> Manifest | Index:
    """The manifest or index in `raw`.

    :param content_type: what the registry (or the descriptor that led here) calls it; "" where nobody said.
    :raises LimitExceeded: larger than 4 MiB, or more layers than anything could stack.
    :raises Malformed: it breaks its specification, could be read in two ways, or is not what it was called.
    :raises NotSupported: Docker's schema 1, or an artifact that is not an image.
    """
    called = content_type.partition(";")[0].strip().lower()
    fields = read_object(raw, "manifest", MANIFEST_LIMIT, _KEYS)
    media_type = _media_type(fields, called)
    if fields.integer("schemaVersion") != 2:
        fields.fail("schemaVersion", "2")
    if media_type in media.INDEXES:
        return _index(fields, media_type, raw)
    return _manifest(fields, media_type, raw)


def choose(index: Index, platform: Platform) -> Descriptor:
    """The entry of `index` that runs best on `platform`; it may be an index again.

    :raises NotFound: there is none; names the platforms there are.
    """
    entries = [entry for entry in index.manifests if is_image(entry)]
    for wanted in platform.runs():
        for entry in entries:
            if entry.platform == wanted:
                return entry
    # A lone entry without a platform is how some tools wrap a single image.
    if len(entries) == 1 and entries[0].platform is None:
        return entries[0]
    there = sorted({str(entry.platform) for entry in entries if entry.platform})
    raise NotFound(
        f"no image for {platform}",
        hint=f"there is one for: {', '.join(map(_plain, there))}" if there else "the index holds no image",
    )


def is_image(entry: Descriptor) -> bool:
    """Whether an entry of an index is an image, or an index of images; not an artifact or an attestation."""
    if entry.media_type not in media.MANIFESTS | media.INDEXES or entry.artifact_type:
        return False
    key, value = _ATTESTATION
    unknown = entry.platform is not None and entry.platform.os == entry.platform.architecture == "unknown"
    return not unknown and entry.annotations.get(key) != value


def _plain(text: str) -> str:
    return quoted(text)[1:-1]


def _media_type(fields: Fields, called: str) -> str:
    if called in media.DOCKER_SCHEMA1 or "fsLayers" in fields:
        raise NotSupported(
            "the image has a Docker schema 1 manifest", hint="it was retired in 2017; push the image anew"
        )
    _one_kind(fields)
    stated = fields.text("mediaType", "")
    if called and stated and called != stated:
        raise Malformed(f"the manifest says it is {quoted(stated)}, but was sent as {quoted(called)}")
    media_type = stated or called or _by_shape(fields)
    if media_type not in media.MANIFESTS | media.INDEXES:
        raise Malformed(
            f"{quoted(media_type)} is not a manifest", hint="is this the address of an image registry?"
        )
    if (media_type in media.INDEXES) != ("manifests" in fields):
        raise Malformed(f"the manifest is called {quoted(media_type)}, but is not built like one")
    return media_type


def _one_kind(fields: Fields) -> None:
    # CVE-2021-41190: one reader would take it for an index, another for an image.
    of_index = "manifests" in fields
    of_image = "layers" in fields or "config" in fields
    if of_index and of_image:
        raise Malformed("the manifest is both an index and an image")
    if not of_index and not of_image:
        raise Malformed("the manifest is neither an index nor an image")


def _by_shape(fields: Fields) -> str:
    return media.OCI_INDEX if "manifests" in fields else media.OCI_MANIFEST


def _index(fields: Fields, media_type: str, raw: bytes) -> Index:
    entries = fields.each("manifests", DESCRIPTOR_KEYS, _ENTRIES_LIMIT)
    return Index(
        media_type=media_type,
        manifests=tuple(read_descriptor(entry) for entry in entries),
        annotations=fields.table("annotations"),
        digest=Digest.of(raw),
        raw=raw,
    )


def _manifest(fields: Fields, media_type: str, raw: bytes) -> Manifest:
    config = read_descriptor(fields.fields("config", DESCRIPTOR_KEYS))
    artifact_type = fields.text("artifactType", "")
    if config.media_type not in media.IMAGE_CONFIGS:
        raise _not_an_image(artifact_type or config.media_type)
    layers = tuple(read_descriptor(layer) for layer in fields.each("layers", DESCRIPTOR_KEYS, LAYERS_LIMIT))
    for layer in layers:
        if layer.media_type not in media.LAYERS:
            raise _not_an_image(artifact_type or layer.media_type)
    return Manifest(
        media_type=media_type,
        config=config,
        layers=layers,
        annotations=fields.table("annotations"),
        digest=Digest.of(raw),
        raw=raw,
    )


def _not_an_image(media_type: str) -> NotSupported:
    return NotSupported(
        f"this is {media.artifact_name(media_type)} ({_plain(media_type)}), not an image",
        hint="only images can be pulled and run",
    )
