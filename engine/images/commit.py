"""The moment an image becomes known: all its rows in one transaction, when all its layers stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.images.catalogue import read_slots
from engine.images.remote import RemoteImage
from engine.images.slots import choose_slots, remember_slots
from engine.layers.store import LayerUsage
from engine.oci.config import ImageConfig
from engine.oci.digest import Digest
from engine.oci.manifest import Manifest

if TYPE_CHECKING:
    import sqlite3


def commit_image(
    connection: sqlite3.Connection,
    image: RemoteImage,
    usages: Mapping[Digest, LayerUsage],
    now: float,
    names: Sequence[str] | None = None,
) -> bool:
    """Write the rows of an image and its names; whether one of them points elsewhere than before.

    An image that is here already keeps the manifest it came by: another one names the same layers by
    blobs that never travelled.

    :param usages: of every layer of the image.
    :param names: canonical references; the image's own where None.
    """
    known = connection.execute("SELECT 1 FROM images WHERE id = ?", (image.id,)).fetchone()
    if known is None:
        _insert(connection, image, usages, now)
    else:
        connection.execute("UPDATE images SET pulled = ? WHERE id = ?", (now, image.id))
    if image.index is not None:
        from engine.images.platforms import remember_platforms  # most come without an index

        remember_platforms(connection, image)
    pointed = [point(connection, name, image.id) for name in ([image.name] if names is None else names)]
    return any(pointed)


def point(connection: sqlite3.Connection, name: str, image_id: Digest) -> bool:
    """Let a canonical reference name an image; whether it named another one before, or none."""
    before = connection.execute("SELECT image_id FROM names WHERE reference = ?", (name,)).fetchone()
    connection.execute(
        "INSERT INTO names (reference, image_id) VALUES (?1, ?2)"
        " ON CONFLICT (reference) DO UPDATE SET image_id = ?2",
        (name, image_id),
    )
    return before is None or before[0] != str(image_id)


def rewrite_image(
    connection: sqlite3.Connection,
    manifest: Manifest,
    config: ImageConfig,
    usages: Mapping[Digest, LayerUsage],
    now: float,
) -> None:
    """Write the rows of an image that is known anew, as its documents say; names and containers stay."""
    image_id = manifest.config.digest
    remember_slots(connection, choose_slots(config.diff_ids, read_slots(connection)))
    connection.execute(
        "UPDATE images SET manifest_digest = ?, platform = ?, created = ?, pulled = ? WHERE id = ?",
        (manifest.digest, str(config.platform), config.created, now, image_id),
    )
    connection.executemany(
        "INSERT INTO layers (diff_id, unpacked, entries) VALUES (?1, ?2, ?3)"
        " ON CONFLICT (diff_id) DO UPDATE SET unpacked = ?2, entries = ?3",
        [(diff_id, usage.unpacked, usage.entries) for diff_id, usage in usages.items()],
    )
    connection.execute("DELETE FROM image_layers WHERE image_id = ?", (image_id,))
    _insert_layers(connection, manifest, config)


def _insert(
    connection: sqlite3.Connection, image: RemoteImage, usages: Mapping[Digest, LayerUsage], now: float
) -> None:
    connection.execute(
        "INSERT INTO images (id, manifest_digest, platform, created, pulled) VALUES (?, ?, ?, ?, ?)",
        (image.id, image.manifest.digest, str(image.config.platform), image.config.created, now),
    )
    connection.executemany(
        "INSERT OR IGNORE INTO layers (diff_id, unpacked, entries) VALUES (?, ?, ?)",
        [(diff_id, usage.unpacked, usage.entries) for diff_id, usage in usages.items()],
    )
    _insert_layers(connection, image.manifest, image.config)


def _insert_layers(connection: sqlite3.Connection, manifest: Manifest, config: ImageConfig) -> None:
    pairs = zip(config.diff_ids, manifest.layers, strict=True)
    connection.executemany(
        "INSERT INTO image_layers (image_id, position, diff_id, blob_digest, compressed)"
        " VALUES (?, ?, ?, ?, ?)",
        [
            (manifest.config.digest, position, diff_id, blob.digest, blob.size)
            for position, (diff_id, blob) in enumerate(pairs, 1)
        ],
    )
