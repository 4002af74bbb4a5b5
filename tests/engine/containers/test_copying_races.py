"""Copying while the container swaps directories for links that would lead to the host."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from engine.errors import LaminaError
from engine.settings import Settings
from tests.engine.containers.filing import House
from tests.support.small_images import SmallImages
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root", "no_leaks")]

SECONDS = 3.0
# /swap is a directory, then a link to the host's path, and so on; likewise a file in it.
SWAP = """
mkdir -p /swap /keep/sub; echo inside > /swap/file; echo inside > /keep/sub/file; ln -s {outside} /link
touch /ready
while :; do
    mv /swap /real; mv /link /swap; mv /swap /link; mv /real /swap
    mv /keep/sub /keep/real; ln -s {outside} /keep/sub; rm /keep/sub; mv /keep/real /keep/sub
    rm -f /swap/file; ln -s {outside}/secret /swap/file; rm -f /swap/file; echo inside > /swap/file
done
"""


@pytest.fixture
async def house(settings: Settings, small_images: SmallImages, tmp_path: Path) -> AsyncIterator[House]:
    """A container that swaps, and a directory of the host beside it that must stay as it is."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    house = await House.of(settings, small_images.base)
    made = house.start("sh", "-c", "export PATH=/bin; bb=/bin/busybox; " + _applets(SWAP, outside))
    assert eventually((house.upper(made) / "ready").exists)
    yield house
    house.remove_all()
    assert [(path.name, path.read_text()) for path in outside.iterdir()] == [("secret", "secret")]


def _applets(script: str, outside: Path) -> str:
    """The script for an image that has not all of busybox's names."""
    names = "".join(f'{name}() {{ $bb {name} "$@"; }}; ' for name in ("mv", "ln", "rm", "mkdir", "touch"))
    return names + script.format(outside=outside)


def test_nothing_of_the_host_is_written(house: House, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "sub/file").write_text("planted")
    (source / "file").write_text("planted")
    done = 0
    for target in _until():
        with contextlib.suppress(LaminaError):
            house.files.copy_in("box", f"{source}/.", target)
            done += 1
        with contextlib.suppress(LaminaError):
            house.files.copy_in("box", f"{source}/file", f"{target}/file")
    assert done > 10


def test_nothing_of_the_host_is_read(house: House, tmp_path: Path) -> None:
    done = 0
    for number, source in enumerate(_until()):
        target = tmp_path / f"out{number}"
        with contextlib.suppress(LaminaError):
            house.files.copy_out("box", source, str(target))
            done += 1
        with contextlib.suppress(LaminaError):
            house.files.copy_out("box", f"{source}/file", f"{target}-file", follow=True)
        if not target.is_symlink():
            for directory, _, files in os.walk(target):
                assert all("secret" not in _text(Path(directory, name)) for name in files)
        assert "secret" not in _text(Path(f"{target}-file"))
    assert done > 10


def _until() -> Iterator[str]:
    """The two paths by turns, for some seconds."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        yield from ("/swap", "/keep/sub")


def _text(path: Path) -> str:
    """A regular file's own text; a link is not followed, for it may well name the host's path."""
    return path.read_text() if path.is_file() and not path.is_symlink() else ""
