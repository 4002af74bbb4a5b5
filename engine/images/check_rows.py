"""Whether the database is whole, and says the same as manifests, configs and tables."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from engine.errors import InvalidArgument, LaminaError
from engine.images.catalogue import Catalogue, ImageRecord
from engine.images.check_models import Finding, Subject
from engine.images.documents import read_documents
from engine.images.parts import Parts
from engine.images.recipe import recipe_of_id
from engine.layers.overlay import overlay_mount
from engine.layers.seam import seam_path
from engine.oci.config import ImageConfig
from engine.oci.digest import Digest
from engine.oci.reference import Reference

if TYPE_CHECKING:
    import sqlite3

_MOST = 20  # complaints of SQLite that are told


def check_file(connection: sqlite3.Connection) -> Iterator[Finding]:
    """What SQLite itself finds: damaged pages and indexes, rows that point nowhere."""
    for (text,) in connection.execute(f"PRAGMA integrity_check({_MOST})"):
        if text != "ok":
            yield Finding(Subject.DATABASE, "lamina.db", f"the database is damaged: {text}")
    for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield Finding(Subject.DATABASE, "lamina.db", f"a row of {table} points to nothing in {parent}")


def check_image(parts: Parts, image: ImageRecord, damaged: AbstractSet[str]) -> Iterator[Finding]:
    """Whether the rows of an image say what its documents and tables say.

    :param damaged: layers whose tables cannot be read.
    """
    for what in (*_names(image), *_documents(parts, image, damaged), *_sizes(parts, image, damaged)):
        yield Finding(Subject.IMAGE, image.id, what, (image.id,))


def _names(image: ImageRecord) -> Iterator[str]:
    for name in image.names:
        if not _is_name(name):
            yield f"it has the name {name!r}, which no image can have"


def _documents(parts: Parts, image: ImageRecord, damaged: AbstractSet[str]) -> Iterator[str]:
    try:
        documents = read_documents(parts, image)
    except LaminaError:
        return  # found with the blobs
    config = documents.config
    blobs = [(blob.digest, blob.size) for blob in documents.manifest.layers]
    if documents.manifest.config.digest != image.id or config.diff_ids != image.stack:
        yield "its layers in the database are not those of its config"
    elif blobs != [(layer.blob_digest, layer.compressed) for layer in image.layers]:
        yield "its blobs in the database are not those of its manifest"
    elif (str(config.platform), config.created) != (image.platform, image.created):
        yield "its platform or time in the database is not that of its config"
    elif not damaged & set(image.stack) and not _recipe_fits(parts, image, config):
        yield "what is kept ready for its containers is not right"


def _sizes(parts: Parts, image: ImageRecord, damaged: AbstractSet[str]) -> Iterator[str]:
    for layer in image.layers:
        if layer.diff_id not in damaged:
            usage = parts.layers.usage(layer.diff_id)
            if (usage.unpacked, usage.entries) != (layer.unpacked, layer.entries):
                yield f"layer {layer.diff_id.short} has other sizes in the database than in its table"


def blobs_of(catalogue: Catalogue) -> dict[Digest, set[Digest]]:
    """All blobs that images need, each with the ids of these images."""
    found: dict[Digest, set[Digest]] = {}
    for image in catalogue.images:
        blobs = (image.id, image.manifest_digest, *(layer.blob_digest for layer in image.layers))
        for digest in blobs:
            found.setdefault(digest, set()).add(image.id)
    return found


def layers_of(catalogue: Catalogue) -> dict[Digest, set[Digest]]:
    """All layers that images need, each with the ids of these images."""
    found: dict[Digest, set[Digest]] = {}
    for image in catalogue.images:
        for diff_id in image.stack:
            found.setdefault(diff_id, set()).add(image.id)
    return found


def _is_name(text: str) -> bool:
    try:
        return str(Reference.parse(text)) == text
    except InvalidArgument:
        return False


def _recipe_fits(parts: Parts, image: ImageRecord, config: ImageConfig) -> bool:
    with parts.database.read() as connection:
        kept = recipe_of_id(connection, image.id)
    if kept is None:
        return True  # it is made when it is asked for
    seam = seam_path(parts.layout, image.stack) if image.stack else None
    lowers = overlay_mount(parts.layers, image.stack, None, None, seam).lowers
    return kept.run == config.run and kept.lowers == tuple(
        str(path.relative_to(parts.layout.root)) for path in lowers
    )
