"""Volumes that an image asks for at places that would lead out of the container."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import LaminaError
from engine.settings import Settings
from tests.engine.containers.filing import House
from tests.support.small_images import SmallImages

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root", "no_leaks")]


@pytest.fixture
async def house(settings: Settings, small_images: SmallImages) -> AsyncIterator[House]:
    house = await House.of(settings, small_images.base)
    yield house
    house.remove_all()


@pytest.mark.parametrize(
    "path",
    ["/../../../..{outside}", "..{outside}", "/way", "/way/below", "/proc/self/root{outside}", "/", "/proc"],
)
async def test_nothing_of_the_host_is_reached(house: House, tmp_path: Path, path: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    house.run(f"/bin/busybox ln -s {outside} /way", name="maker")
    await house.files.commit("maker", "climbs:1", changes=(f'VOLUME ["{path.format(outside=outside)}"]',))
    climbing = replace(house, image="climbs:1")
    script = (
        f"for place in {outside} /way /way/below; do echo x > $place/written; cat $place/secret; done; exit 0"
    )
    with contextlib.suppress(LaminaError):
        made = climbing.run(script)
        with house.containers.logs(made) as log:
            assert all(line.text != "secret" for line in log.read())
    assert [(found.name, found.read_text()) for found in outside.iterdir()] == [("secret", "secret")]
