"""Words about what is the same: a digest whoever works it out, a layer's colour wherever it lies."""

from __future__ import annotations

import asyncio
import hashlib

from engine.lessons.figures import Figure
from engine.lessons.measures import Figures
from engine.lessons.place import Place
from engine.lessons.vocabulary import Found, check, measure
from engine.oci import Digest
from engine.store.layout import Layout


@measure("registry", "here", "computed")
async def digests(place: Place, *, image: str) -> Figures:
    """An image's digest as its registry says it, as the store has it, and worked out now from its bytes."""
    here = (await place.engine.image(image)).summary.id
    path = Layout.of(place.settings).blobs / here.hex
    computed = Digest.from_hex(hashlib.sha256(await asyncio.to_thread(path.read_bytes)).hexdigest())
    registry = (await place.engine.plan(image)).image_id
    return {
        "registry": Figure(registry.short),
        "here": Figure(here.short),
        "computed": Figure(computed.short),
    }


async def _slots(place: Place, image: str) -> dict[Digest, int]:
    return {row.diff_id: row.slot for row in (await place.engine.image(image)).layers}


@check
async def one_colour(place: Place, *, image: str, other: str) -> Found:
    """Every layer that two images have in common has one colour in both, and there is such a layer."""
    first, second = await _slots(place, image), await _slots(place, other)
    common = first.keys() & second.keys()
    same = sum(first[layer] == second[layer] for layer in common)
    said = f"of {len(common)} layers that {image} and {other} have in common, {same} have one colour in both"
    return Found(bool(common) and same == len(common), said)
