"""The layers of an image elsewhere, as its manifest and config tell of them; no blob is read to say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.images.remote import RemoteImage
from engine.images.views import align_history
from engine.oci.digest import Digest


@dataclass(frozen=True, slots=True)
class LayerElsewhere:
    """One layer of an image elsewhere.

    :param position: 1 is the base.
    :param unpacked: bytes of its files; None where nobody has looked yet.
    :param here: whether the store has it too, so that it would not travel.
    """

    position: int
    diff_id: Digest
    blob_digest: Digest
    compressed: int
    unpacked: int | None
    here: bool
    created_by: str
    created: float | None


def layers_elsewhere(
    image: RemoteImage, is_here: Callable[[Digest], bool], unpacked: Callable[[Digest], int | None]
) -> tuple[LayerElsewhere, ...]:
    """The layers of an image, base first.

    :param unpacked: of a layer that was looked at, or is here.
    """
    history = image.config.history
    positions = align_history(history, len(image.manifest.layers))
    made = {position: entry for position, entry in zip(positions, history, strict=True) if position}
    rows = []
    pairs = zip(image.manifest.layers, image.config.diff_ids, strict=True)
    for position, (blob, diff_id) in enumerate(pairs, 1):
        entry = made.get(position)
        rows.append(
            LayerElsewhere(
                position,
                diff_id,
                blob.digest,
                blob.size,
                unpacked(diff_id),
                is_here(diff_id),
                entry.created_by if entry else "",
                entry.created if entry else None,
            )
        )
    return tuple(rows)
