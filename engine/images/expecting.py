"""What layers that are not here will take on disk, as far as that can be told before they come.

Neither manifest nor config says how much a layer unpacks to. A layer that was looked at before is known;
the others are taken for as tightly packed as those that are here.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from engine.images.parts import Parts
from engine.images.remote import RemoteImage, RemoteLayer
from engine.layers.listed import ListedTables
from engine.oci.digest import Digest

if TYPE_CHECKING:
    import sqlite3

_USUAL = 2.5  # bytes unpacked for one of gzip, over large public images of distributions and languages
_WEIGHTY = 1 << 20  # bytes; small layers pack by their headers
_PACKED = ("gzip", "zstd")


def expect_unpacked(
    parts: Parts, connection: sqlite3.Connection, image: RemoteImage, here: Collection[Digest]
) -> int:
    """Bytes that the layers which are not `here` will unpack to, estimated."""
    missing = [layer for layer in image.layers if layer.diff_id not in here]
    if not missing:
        return 0
    ratio, tables = _ratio(connection), ListedTables(parts.layout)
    return sum(_expected(layer, tables.unpacked(layer.diff_id), ratio) for layer in missing)


def _expected(layer: RemoteLayer, known: int | None, ratio: float) -> int:
    if known is not None:
        return known
    packed = layer.descriptor.media_type.endswith(_PACKED)
    return round(layer.descriptor.size * (ratio if packed else 1))


def _ratio(connection: sqlite3.Connection) -> float:
    unpacked, compressed = connection.execute(
        "SELECT sum(unpacked), sum(compressed) FROM (SELECT unpacked, max(compressed) AS compressed"
        " FROM image_layers JOIN layers USING (diff_id) WHERE compressed > ? GROUP BY diff_id)",
        (_WEIGHTY,),
    ).fetchone()
    return unpacked / compressed if compressed else _USUAL
