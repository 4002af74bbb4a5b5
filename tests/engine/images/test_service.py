import subprocess
import sys
import time

import pytest

from engine.errors import Conflict, InvalidArgument, NotFound
from engine.images.models import Role
from engine.images.service import ImageService
from engine.settings import Settings
from engine.store import Database, Journal, Layout
from tests.engine.images.publish import Registry, disk_usage, index_of, layer, noise

BASE = layer({"etc/os": b"base", "bin/big": noise("base", 400_000)})
RUNTIME = layer({"usr/runtime": noise("runtime", 200_000)})
APP1 = layer({"srv/app": b"one" + noise("one", 5000)})
APP2 = layer({"srv/app": b"two" + noise("two", 5000)})


def stand(settings: Settings, images: ImageService, name: str) -> None:
    """A container of an image, as the database knows it."""
    with Database(Layout.of(settings)).write() as connection:
        connection.execute(
            "INSERT INTO containers (id, name, image_id, image, created, config)"
            " VALUES (?, 'c1', ?, ?, ?, '{}')",
            ("c" * 64, images.resolve(name).id, name, time.time()),
        )


def actions(settings: Settings) -> list[tuple[str, str]]:
    return [(event.action, event.attributes.get("name", "")) for event in Journal(Layout.of(settings)).read()]


def test_an_empty_store_lists_nothing(images: ImageService) -> None:
    assert images.list() == []
    with pytest.raises(NotFound) as caught:
        images.get("redis:7")
    assert "lamina pull redis:7 " in caught.value.hint


async def test_the_layers_of_an_update_tell_what_they_share(images: ImageService, registry: Registry) -> None:
    base, web1, web2 = (
        registry.publish("base:1", BASE),
        registry.publish("web:1", BASE, RUNTIME, APP1),
        registry.publish("web:2", BASE, RUNTIME, APP2),
    )
    for reference in (base, web1, web2):
        await images.pull(reference)
    rows = images.get(web2).layers
    assert [row.used_by for row in rows] == [(base, web1), (web1,), ()]
    assert [row.role for row in rows] == [Role.BASE, Role.INTERMEDIATE, Role.APPLICATION]
    assert rows[0].base_of == base
    assert [row.created_by for row in rows] == ["layer 1", "layer 2", "layer 3"]


async def test_a_layer_keeps_its_slot_when_it_comes_back(images: ImageService, registry: Registry) -> None:
    reference = registry.publish("web:1", BASE, APP1)
    await images.pull(reference)
    before = images.list()[0].layers
    images.remove(reference)
    await images.pull(reference)
    assert images.list()[0].layers == before


async def test_resolve_gives_the_stack_and_config_what_it_runs(
    images: ImageService, registry: Registry
) -> None:
    reference = registry.publish("web:1", BASE, APP1, config={"User": "www"})
    await images.pull(reference)
    resolved = images.resolve(reference)
    assert resolved.diff_ids == (BASE.diff_id, APP1.diff_id)
    assert images.config(resolved.id).run.user == "www"
    assert images.resolve(resolved.id.short).id == resolved.id


async def test_a_further_name_names_the_same_image(
    images: ImageService, registry: Registry, settings: Settings
) -> None:
    reference = registry.publish("web:1", BASE)
    await images.pull(reference)
    images.tag(reference, "mine")
    assert images.resolve("mine:latest").id == images.resolve(reference).id
    assert images.list()[0].names == tuple(sorted((reference, "mine:latest")))
    assert actions(settings)[-1] == ("tag", "mine:latest")


async def test_a_digest_is_no_further_name(images: ImageService, registry: Registry) -> None:
    reference = registry.publish("web:1", BASE)
    result = await images.pull(reference)
    with pytest.raises(InvalidArgument):
        images.tag(reference, f"mine@{result.plan.manifest_digest}")


async def test_inspect_speaks_dockers_keys(images: ImageService, registry: Registry) -> None:
    reference = registry.publish("web:1", BASE, config={"Env": ["A=b"], "Cmd": ["sh"]})
    result = await images.pull(reference)
    seen = images.inspect(reference)
    assert seen["Id"] == result.plan.image_id
    assert seen["RepoTags"] == [reference]
    assert seen["RepoDigests"] == [f"{registry.address}/web@{result.plan.manifest_digest}"]
    assert seen["RootFS"]["Layers"] == [BASE.diff_id]
    assert (seen["Config"]["Env"], seen["Config"]["Cmd"]) == (["A=b"], ["sh"])


async def test_inspect_lists_all_platforms_that_a_name_stands_for(
    images: ImageService, registry: Registry
) -> None:
    registry.publish("one:1", BASE)
    registry.publish("two:1", BASE, platform="arm64")
    index_of(registry, "one", "two")
    name = f"{registry.address}/multi:1"
    await images.pull(name)
    found = images.inspect(name)
    assert [each["Platform"] for each in found["Platforms"]] == ["linux/amd64", "linux/arm64"]
    assert found["Platforms"][0]["Digest"] == images.get(name).summary.manifest_digest
    images.remove(name)
    await images.pull(f"{registry.address}/one:1")
    (own,) = images.inspect(f"{registry.address}/one:1")["Platforms"]
    assert own["Platform"] == "linux/amd64"


async def test_removing_frees_what_the_preview_says_and_the_disk_shows(
    images: ImageService, registry: Registry, settings: Settings
) -> None:
    await images.pull(registry.publish("web:1", BASE, RUNTIME, APP1))
    reference = registry.publish("web:2", BASE, RUNTIME, APP2)
    await images.pull(reference)
    unique = next(row.unique for row in images.list() if row.names == (reference,))
    layout = Layout.of(settings)
    before = disk_usage(layout.layers) + disk_usage(layout.blobs)
    said = images.preview_remove(reference)
    done = images.remove(reference)
    freed = before - disk_usage(layout.layers) - disk_usage(layout.blobs)
    assert said == done
    assert done.deleted_layers == (APP2.diff_id,)
    assert done.freed_unpacked == unique
    assert done.freed <= freed <= done.freed + 4096


async def test_removing_the_last_image_leaves_an_empty_store(
    images: ImageService, registry: Registry, settings: Settings
) -> None:
    reference = registry.publish("web:1", BASE, APP1)
    result = await images.pull(reference)
    images.remove(reference)
    layout = Layout.of(settings)
    assert images.list() == []
    assert list(layout.layers.iterdir()) == list(layout.blobs.iterdir()) == []
    assert actions(settings) == [("pull", reference), ("untag", reference), ("delete", "")]
    assert result.plan.image_id not in [row.id for row in images.list()]


async def test_an_image_that_a_container_needs_stays(
    settings: Settings, images: ImageService, registry: Registry
) -> None:
    reference = registry.publish("web:1", BASE)
    await images.pull(reference)
    stand(settings, images, reference)
    for attempt in (images.preview_remove, images.remove):
        with pytest.raises(Conflict):
            attempt(reference)
    removed = images.remove(reference, force=True)
    assert (removed.untagged, removed.deleted_image, removed.freed) == ((reference,), None, 0)
    assert [row.containers for row in images.list()] == [1]


async def test_a_running_container_keeps_even_the_name(settings: Settings, registry: Registry) -> None:
    images = ImageService(settings, running=lambda _: True)
    reference = registry.publish("web:1", BASE)
    await images.pull(reference)
    stand(settings, images, reference)
    with pytest.raises(Conflict, match="running"):
        images.remove(reference, force=True)


async def test_removing_one_of_two_names_keeps_the_image(images: ImageService, registry: Registry) -> None:
    reference = registry.publish("web:1", BASE)
    await images.pull(reference)
    images.tag(reference, "mine:1")
    assert images.remove("mine:1").deleted_image is None
    assert images.list()[0].names == (reference,)


def test_the_listing_loads_neither_asyncio_nor_aiohttp(settings: Settings) -> None:
    script = f"""
import sys
from pathlib import Path
from engine.images.service import ImageService
from engine.settings import Settings
ImageService(Settings(Path({str(settings.root)!r}), Path({str(settings.run)!r}))).list()
heavy = ("asyncio", "aiohttp", "pyroute2", "textual", "engine.layers")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
