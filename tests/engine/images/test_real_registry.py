"""Real images of real size, from the registry that a machine may have."""

import pytest

from engine.images.models import Role
from engine.images.service import ImageService
from tests.support.peers import RealRegistry

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


async def test_an_image_that_stands_on_another_fetches_only_what_is_above(
    images: ImageService, real_registry: RealRegistry
) -> None:
    debian, redis = real_registry.image("debian:12"), real_registry.image("redis:7")
    await images.pull(debian)
    result = await images.pull(redis)
    assert result.plan.layers[0].here
    assert result.fetched_bytes == result.plan.fetch_bytes < result.plan.total_bytes
    rows = images.get(redis).layers
    assert rows[0].role is Role.BASE
    assert rows[0].base_of == debian
    assert rows[-1].role is Role.APPLICATION


async def test_what_a_layer_takes_is_what_its_files_take(
    images: ImageService, real_registry: RealRegistry
) -> None:
    debian = real_registry.image("debian:12")
    result = await images.pull(debian)
    (row,) = images.list()
    assert row.unpacked == row.unique == result.unpacked_bytes
    assert images.remove(debian).freed_unpacked == row.unpacked
