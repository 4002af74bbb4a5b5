"""`lamina plan` as programs read it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from engine.cli.words import size
from tests.engine.images.publish import layer, noise, registry_of
from tests.support.command import Lamina

BASE = layer({"base": noise("base", 9000)})
OWN = layer({"own": noise("own", 4000)})


async def test_json_is_short_for_the_json_format(lamina: Lamina, tmp_path: Path) -> None:
    async with registry_of(tmp_path) as registry:
        reference = registry.publish("web:1", BASE, OWN)
        short = await asyncio.to_thread(lamina, "plan", reference, "--json")
        long = await asyncio.to_thread(lamina, "plan", reference, "--format", "json")
    assert short.json() == long.json()


async def test_a_plan_tells_what_of_the_layers_is_here_and_what_travels(
    lamina: Lamina, tmp_path: Path
) -> None:
    async with registry_of(tmp_path) as registry:
        base, reference = registry.publish("base:1", BASE), registry.publish("web:1", BASE, OWN)
        (await asyncio.to_thread(lamina, "pull", "-q", base)).ok()
        plan = (await asyncio.to_thread(lamina, "plan", reference, "--json")).json()
    # Layers only: what manifest and config weigh is known by then.
    assert plan["fetch_bytes"] == len(OWN.blob)
    assert plan["total_bytes"] == len(BASE.blob) + len(OWN.blob)
    keys = ("digest", "diff_id", "size", "here")
    assert [tuple(row[key] for key in keys) for row in plan["layers"]] == [
        (BASE.digest, BASE.diff_id, len(BASE.blob), True),
        (OWN.digest, OWN.diff_id, len(OWN.blob), False),
    ]


async def test_a_pull_shows_what_was_planned_beside_what_came(lamina: Lamina, tmp_path: Path) -> None:
    async with registry_of(tmp_path) as registry:
        reference = registry.publish("web:1", BASE)
        planned = (await asyncio.to_thread(lamina, "plan", reference)).ok().out
        pulled = (await asyncio.to_thread(lamina, "pull", reference)).ok().err
    assert "; on disk about +" in planned
    fetched, on_disk = pulled.splitlines()[-1].split("; ")
    assert fetched == f"fetched {size(len(BASE.blob))} of {size(len(BASE.blob))} (as planned), 1 of 1 layer"
    assert on_disk.startswith(f"on disk +{size(len(BASE.blob) + 9000)} (planned about +")
