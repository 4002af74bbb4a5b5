import os
import time

from engine.images.service import ImageService
from engine.images.sweeping import remove_strays
from engine.oci import Digest
from engine.settings import Settings
from engine.store import BlobStore, Layout, leased
from tests.engine.images.publish import Registry, layer

BASE = layer({"etc/os": b"base"})


def forget(images: ImageService) -> None:
    """Leave layers and blobs without their image, as a pull that was killed does."""
    with images._parts.database.write() as connection:
        for table in ("names", "images", "layers"):
            connection.execute(f"DELETE FROM {table}")


async def test_old_layers_and_blobs_of_no_image_go(
    images: ImageService, registry: Registry, settings: Settings
) -> None:
    await images.pull(registry.publish("web:1", BASE))
    forget(images)
    remove_strays(images._parts, time.time() + 10)
    layout = Layout.of(settings)
    assert os.listdir(layout.layers) == os.listdir(layout.blobs) == []


async def test_young_ones_stay_and_are_not_fetched_again(images: ImageService, registry: Registry) -> None:
    reference = registry.publish("web:1", BASE)
    await images.pull(reference)
    forget(images)
    images.sweep()
    assert (await images.pull(reference)).fetched_bytes == 0


async def test_what_an_image_or_a_pull_needs_stays(images: ImageService, registry: Registry) -> None:
    reference = registry.publish("web:1", BASE)
    await images.pull(reference)
    counted_on = BlobStore(images._parts.layout).put(b"counted on")
    with leased(images._parts.database, [counted_on]):
        remove_strays(images._parts, time.time() + 10)
    assert images._parts.blobs.has(counted_on)
    assert images.get(reference).layers[0].diff_id == BASE.diff_id
    assert images._parts.layers.has(BASE.diff_id)


def test_a_seam_of_no_image_goes(images: ImageService, settings: Settings) -> None:
    images.list()
    seam = Layout.of(settings).seams / Digest.of(b"chain").hex
    (seam / "fs").mkdir(parents=True)
    remove_strays(images._parts, time.time() + 10)
    assert not seam.exists()
