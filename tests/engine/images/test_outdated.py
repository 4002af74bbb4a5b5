"""Which tags moved on, and what their releases cost: from manifests and configs alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.errors import NotFound
from engine.images.churn import churn, natural
from engine.images.moves import Standing
from engine.images.service import ImageService
from engine.oci import media
from engine.settings import Settings
from tests.engine.images.publish import Registry, layer, noise

BASE = layer({"bin/big": noise("base", 100_000)})
RUNTIME = layer({"usr/runtime": noise("runtime", 50_000)})
APPS = [layer({"srv/app": noise(f"app {number}", 5000)}) for number in range(4)]


async def test_a_tag_that_stayed_is_current(images: ImageService, registry: Registry) -> None:
    name = registry.publish("web:1", BASE, APPS[0])
    await images.pull(name)
    (found,) = await images.outdated()
    assert (found.name, found.standing, found.fetch_bytes) == (name, Standing.CURRENT, 0)


async def test_a_tag_that_moved_on_says_what_following_would_fetch(
    images: ImageService, registry: Registry
) -> None:
    name = registry.publish("web:1", BASE, APPS[0])
    await images.pull(name)
    registry.publish("web:1", BASE, RUNTIME, APPS[1])
    (found,) = await images.outdated()
    assert found.standing is Standing.NEWER
    assert found.fetch_bytes == len(RUNTIME.blob) + len(APPS[1].blob)
    assert found.total_bytes == found.fetch_bytes + len(BASE.blob)
    assert (found.fetch_layers, found.layers) == (2, 3)
    assert registry.served(APPS[1]).requests == 0, "no layer is fetched to say so"
    result = await images.pull(name)
    assert result.fetched_bytes == found.fetch_bytes
    (after,) = await images.outdated()
    assert after.standing is Standing.CURRENT


async def test_a_tag_whose_manifest_is_broken_says_what_of(images: ImageService, registry: Registry) -> None:
    name = registry.publish("web:1", BASE)
    await images.pull(name)
    registry.directory.add_manifest("web", "1", b'{"schemaVersion": 2}', media.OCI_MANIFEST)
    (found,) = await images.outdated()
    assert found.standing is Standing.UNKNOWN
    assert name in found.reason


async def test_a_layer_that_is_here_in_another_compression_costs_nothing(
    images: ImageService, registry: Registry
) -> None:
    name = registry.publish("web:1", BASE, APPS[0])
    await images.pull(name)
    again = layer({"bin/big": noise("base", 100_000)}, level=9)
    registry.publish("web:1", again, APPS[1])
    (found,) = await images.outdated()
    assert found.fetch_bytes == len(APPS[1].blob)


async def test_a_tag_that_went_is_gone_and_a_registry_that_went_is_unknown(
    images: ImageService, registry: Registry, tmp_path: Path
) -> None:
    name = registry.publish("web:1", BASE)
    await images.pull(name)
    images.tag(name, "127.0.0.1:1/web:1")
    shutil.rmtree(registry.directory.root / "repositories" / "web")
    unknown, gone = await images.outdated()
    assert (gone.name, gone.standing) == (name, Standing.GONE)
    assert unknown.standing is Standing.UNKNOWN
    assert "127.0.0.1:1" in unknown.reason


async def test_only_what_is_asked_for_is_looked_at(images: ImageService, registry: Registry) -> None:
    one, two = registry.publish("web:1", BASE), registry.publish("web:2", BASE, APPS[0])
    await images.pull(one)
    await images.pull(two)
    assert [found.name for found in await images.outdated((two,))] == [two]
    with pytest.raises(NotFound):
        await images.outdated(("127.0.0.1:1/no:1",))


async def test_a_release_costs_the_layers_that_the_one_before_lacked(
    registry: Registry, settings: Settings
) -> None:
    registry.publish("web:1.0", BASE, APPS[0])
    registry.publish("web:1.1", BASE, APPS[1])
    registry.publish("web:2.0", BASE, RUNTIME, APPS[2])
    registry.publish("web:latest", BASE, RUNTIME, APPS[2])
    found = await churn(settings, f"{registry.address}/web")
    assert [release.tag for release in found.releases] == ["1.0", "1.1", "2.0"]
    first, second, third = found.releases
    assert first.cost == first.total == len(BASE.blob) + len(APPS[0].blob)
    assert second.cost == len(APPS[1].blob)
    assert (second.dropped, [one.new for one in second.layers]) == (1, [False, True])
    assert third.cost == len(RUNTIME.blob) + len(APPS[2].blob)
    assert third.also == ("latest",)
    assert [one.created_by for one in third.layers] == ["layer 1", "layer 2", "layer 3"]
    assert registry.served(BASE).requests == 0


async def test_the_last_releases_know_the_one_before_them(registry: Registry, settings: Settings) -> None:
    for number, app in enumerate(APPS):
        registry.publish(f"web:{number}", BASE, app)
    found = await churn(settings, f"{registry.address}/web", last=2)
    assert [release.cost for release in found.releases] == [len(app.blob) for app in APPS[2:]]
    assert found.tags == 4


async def test_tags_without_an_image_for_the_platform_are_left_out(
    registry: Registry, settings: Settings
) -> None:
    registry.publish("web:1", BASE)
    registry.publish("web:2", BASE, APPS[0], platform="riscv64")
    found = await churn(settings, f"{registry.address}/web", platform="linux/amd64")
    assert [release.tag for release in found.releases] == ["1"]
    assert found.skipped[0].startswith("2: ")


async def test_tags_are_chosen_by_a_pattern(registry: Registry, settings: Settings) -> None:
    for number, tag in enumerate(("14.1", "15.1", "15.2")):
        registry.publish(f"web:{tag}", BASE, APPS[number])
    found = await churn(settings, f"{registry.address}/web", pattern="15.*")
    assert [release.tag for release in found.releases] == ["15.1", "15.2"]
    with pytest.raises(NotFound, match="no image among its 0 tags"):
        await churn(settings, f"{registry.address}/web", pattern="16.*")


def test_tags_are_sorted_as_people_do() -> None:
    found = sorted(["11", "10.2", "10.1.2", "10.1", "10.1-rc1", "9.6"], key=natural)
    assert found == ["9.6", "10.1-rc1", "10.1", "10.1.2", "10.2", "11"]
