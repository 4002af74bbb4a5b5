"""The platforms that an image's name stands for: read from its index, and remembered from the pull on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engine.oci.digest import Digest
from engine.oci.manifest import is_image

if TYPE_CHECKING:
    import sqlite3

    from engine.images.remote import RemoteImage

_MOST = 256  # of one image; the largest publishers have a dozen


class PlatformEntry(NamedTuple):
    """An image for one platform; :param digest: of its manifest."""

    platform: str
    digest: Digest


def platforms_of(image: RemoteImage) -> tuple[PlatformEntry, ...]:
    """All platforms that the image's name stands for; its own where it was named without an index."""
    index = image.index
    found = tuple(
        PlatformEntry(str(entry.platform), entry.digest)
        for entry in (index.manifests if index else ())
        if entry.platform and is_image(entry)
    )
    return found[:_MOST] or (PlatformEntry(str(image.config.platform), image.manifest.digest),)


def remember_platforms(connection: sqlite3.Connection, image: RemoteImage) -> None:
    """Write them beside the image's row; what was known of them is replaced."""
    connection.execute("DELETE FROM image_platforms WHERE image_id = ?", (image.id,))
    connection.executemany(
        "INSERT INTO image_platforms (image_id, position, platform, digest) VALUES (?, ?, ?, ?)",
        [(image.id, position, *entry) for position, entry in enumerate(platforms_of(image), 1)],
    )


def read_platforms(connection: sqlite3.Connection, image_id: Digest) -> tuple[PlatformEntry, ...]:
    """Those of an image that came by an index; nothing of others."""
    rows = connection.execute(
        "SELECT platform, digest FROM image_platforms WHERE image_id = ? ORDER BY position", (image_id,)
    )
    return tuple(PlatformEntry(platform, Digest(digest)) for platform, digest in rows)
