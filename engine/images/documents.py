"""An image's manifest and config, as they lie here."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import Corrupt
from engine.images.catalogue import ImageRecord
from engine.images.parts import Parts
from engine.oci.config import CONFIG_LIMIT, ImageConfig, parse_image_config
from engine.oci.manifest import MANIFEST_LIMIT, Manifest, parse_document


@dataclass(frozen=True, slots=True)
class Documents:
    """An image's documents, whole and of the digests that they should have."""

    manifest: Manifest
    config: ImageConfig


def read_manifest(parts: Parts, image: ImageRecord) -> Manifest:
    """The manifest of an image.

    :raises NotFound: it is missing. :raises Corrupt: it is damaged, or an index.
    """
    document = parse_document(parts.blobs.read(image.manifest_digest, MANIFEST_LIMIT))
    if not isinstance(document, Manifest):
        raise Corrupt(
            f"the manifest of {image.id.short} is an index", hint="remove the image and pull it again"
        )
    return document


def read_documents(parts: Parts, image: ImageRecord) -> Documents:
    """Both documents of an image.

    :raises NotFound: one is missing. :raises Corrupt: one is damaged.
    """
    config = parse_image_config(parts.blobs.read(image.id, CONFIG_LIMIT))
    return Documents(read_manifest(parts, image), config)
