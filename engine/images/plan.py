"""What a pull would do, from manifest and config alone: pure functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.images.models import PlanLayer, PullPlan
from engine.images.remote import RemoteImage
from engine.images.slots import choose_slots
from engine.oci.digest import Digest


def make_plan(
    image: RemoteImage,
    here: Collection[Digest],
    known: Mapping[Digest, int],
    kept: Mapping[Digest, int],
    unpacked: int = 0,
) -> PullPlan:
    """The plan of a pull.

    A stack may repeat a layer; it travels once, so its size counts once.

    :param here: diff IDs of the layers that are unpacked here.
    :param known: slots of all layers that were ever seen.
    :param kept: compressed bytes that are here of layers that are not, by diff ID.
    :param unpacked: bytes that the layers which are not here will unpack to.
    """
    stack = image.config.diff_ids
    slots = choose_slots(stack, known)
    layers = tuple(
        PlanLayer(
            position,
            descriptor.digest,
            diff_id,
            descriptor.size,
            diff_id in here,
            slots[diff_id],
            kept.get(diff_id, 0),
        )
        for position, (descriptor, diff_id) in enumerate(zip(image.manifest.layers, stack, strict=True), 1)
    )
    sizes = {layer.diff_id: layer.descriptor.size for layer in image.layers}
    fetch_bytes = sum(size - kept.get(diff_id, 0) for diff_id, size in sizes.items() if diff_id not in here)
    return PullPlan(
        reference=image.label,
        image_id=image.id,
        manifest_digest=image.manifest.digest,
        platform=str(image.config.platform),
        layers=layers,
        fetch_bytes=fetch_bytes,
        total_bytes=sum(sizes.values()),
        disk_bytes=fetch_bytes + unpacked,
    )
