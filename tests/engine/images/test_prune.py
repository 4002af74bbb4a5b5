import os
import time
from pathlib import Path

import pytest

from engine.images.service import ImageService
from engine.layers.listed import ListedTables
from engine.oci import Digest
from engine.settings import Settings
from engine.store import BlobStore, Layout, leased
from tests.engine.images.publish import Registry, disk_usage, layer, noise
from tests.engine.images.test_service import stand

BASE = layer({"etc/os": b"base", "bin/big": noise("base", 300_000)})
APP1 = layer({"srv/app": b"one" + noise("one", 5000)})
APP2 = layer({"srv/app": b"two" + noise("two", 5000)})


@pytest.fixture
def layout(settings: Settings) -> Layout:
    return Layout.of(settings)


async def test_only_images_without_a_name_go(images: ImageService, registry: Registry) -> None:
    await images.pull(registry.publish("web:1", BASE, APP1))
    old = images.list()[0].id
    await images.pull(registry.publish("web:1", BASE, APP2))
    pruned = images.prune()
    assert [removed.deleted_image for removed in pruned.images] == [old]
    assert len(images.list()) == 1


async def test_what_is_said_is_what_is_freed(
    images: ImageService, registry: Registry, layout: Layout
) -> None:
    for name, app in (("web:1", APP1), ("web:2", APP2)):
        await images.pull(registry.publish(name, BASE, app))
    BlobStore(layout).put(b"of no image")
    (layout.ingest / Digest.of(b"interrupted").hex).write_bytes(noise("part", 1000))
    half_made = layout.layers / f"{'0' * 64}.tmp-12ab"
    (half_made / "fs").mkdir(parents=True)
    (half_made / "fs/file").write_bytes(noise("file", 2000))
    before = sum(map(disk_usage, (layout.blobs, layout.layers, layout.ingest)))
    tables = sum(path.stat().st_size for path in layout.layers.glob("*/table"))
    said = images.preview_prune(all_unused=True)
    done = images.prune(all_unused=True)
    after = sum(map(disk_usage, (layout.blobs, layout.layers, layout.ingest)))
    assert said == done
    assert done.freed == before - after - tables
    assert (done.leftovers, done.leftover_bytes) == (3, 3011)
    assert images.list() == []
    assert os.listdir(layout.blobs) == os.listdir(layout.layers) == os.listdir(layout.ingest) == []


async def test_tables_of_layers_that_were_looked_at_elsewhere_go(
    images: ImageService, layout: Layout
) -> None:
    images.prune()
    ListedTables(layout).put(Digest.of(b"elsewhere"), b"a table")
    assert images.preview_prune().leftover_bytes == len(b"a table")
    assert images.prune().leftovers == 1
    assert os.listdir(layout.tables) == []


async def test_images_of_containers_stay(
    images: ImageService, registry: Registry, settings: Settings
) -> None:
    reference = registry.publish("web:1", BASE)
    await images.pull(reference)
    stand(settings, images, reference)
    assert images.prune(all_unused=True).images == ()
    assert len(images.preview_prune(all_unused=True, gone=["c" * 64]).images) == 1


async def test_what_a_pull_under_way_needs_stays(
    images: ImageService, layout: Layout, registry: Registry
) -> None:
    await images.pull(registry.publish("web:1", BASE))
    blob = BlobStore(layout).put(b"counted on")
    part = layout.ingest / Digest.of(b"about to be resumed").hex
    part.write_bytes(b"part")
    with leased(images._parts.database, [blob, Digest.of(b"about to be resumed"), BASE.diff_id]):
        images.prune(all_unused=True)
    assert images._parts.blobs.has(blob)
    assert images._parts.layers.has(BASE.diff_id)
    assert part.exists()


async def test_a_download_that_somebody_works_on_stays(images: ImageService, layout: Layout) -> None:
    images.list()
    digest = Digest.of(b"under way")
    with BlobStore(layout).ingest(digest, 100) as ingest:
        ingest.write(b"some")
        assert images.preview_prune().leftovers == 0
        images.prune()
        assert (layout.ingest / digest.hex).exists()


def test_a_store_without_anything_frees_nothing(images: ImageService) -> None:
    pruned = images.prune(all_unused=True)
    assert (pruned.images, pruned.leftovers, pruned.freed) == ((), 0, 0)


async def test_a_seam_of_no_image_is_left_over(images: ImageService, layout: Layout) -> None:
    images.list()
    seam: Path = layout.seams / Digest.of(b"chain").hex
    (seam / "fs").mkdir(parents=True)
    os.utime(seam, (time.time() - 100,) * 2)
    assert images.prune().leftovers == 1
    assert not seam.exists()
