"""Looking into a container's and a volume's files, and copying between a volume and the host."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.containers.volume_files import copy_in, copy_out
from engine.errors import InvalidArgument, NotFound
from engine.rooms import Rooms
from engine.settings import Settings
from tests.engine.containers.filing import House
from tests.support.small_images import SmallImages

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root", "no_leaks")]


@pytest.fixture(params=["stopped", "running"])
async def house(
    request: pytest.FixtureRequest, settings: Settings, small_images: SmallImages
) -> AsyncIterator[House]:
    """A store with a container named box, which runs or does not."""
    house = await House.of(settings, small_images.base)
    if request.param == "running":
        house.start("sleep", "1000")
    else:
        house.create("true")
    yield house
    house.remove_all()


async def test_a_containers_directory_is_listed_and_its_file_read(house: House, tmp_path: Path) -> None:
    (tmp_path / "note").write_text("hello")
    house.files.copy_in("box", str(tmp_path / "note"), "/note")
    assert {entry.name: entry.kind for entry in house.files.browse("box", "/")}["note"] == "file"
    assert house.files.read("box", "/note", 3) == b"hel"


async def test_a_link_that_leads_out_stays_inside(house: House, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the host")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    house.files.copy_in("box", str(tmp_path / "link"), "/link")
    with pytest.raises(NotFound):
        house.files.read("box", "/link", 10)


async def test_a_device_is_not_read(house: House) -> None:
    with pytest.raises((InvalidArgument, NotFound)):
        house.files.read("box", "/dev/null", 1)


def test_files_go_into_a_volume_and_out_of_it(settings: Settings, tmp_path: Path) -> None:
    volumes = Rooms(settings).volumes
    volumes.create("data", None)
    (tmp_path / "in").write_text("kept")
    copy_in(volumes, "data", str(tmp_path / "in"), "/file")
    copied = copy_out(volumes, "data", "/file", str(tmp_path / "out"))
    assert (tmp_path / "out").read_text() == "kept"
    assert copied.files == 1


def test_a_path_does_not_lead_out_of_a_volume(settings: Settings, tmp_path: Path) -> None:
    volumes = Rooms(settings).volumes
    volumes.create("data", None)
    (Path(volumes.data("data")) / "up").symlink_to("/etc")
    with pytest.raises(NotFound):
        copy_out(volumes, "data", "/up/passwd", str(tmp_path / "out"))
