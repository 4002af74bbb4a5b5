"""A volume gets its first content whole or not at all."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from engine.volumes.fill import fill, is_unsettled, settle


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    (tmp_path / "volume/_data").mkdir(parents=True)
    return tmp_path / "volume"


def _write(descriptor: int) -> None:
    for number in range(50):
        os.mkdir(f"d{number}", dir_fd=descriptor)
        os.close(os.open(f"f{number}", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor))


def _whole(volume: Path) -> bool:
    return len(os.listdir(volume / "_data")) == 100


def test_one_that_holds_something_is_left_alone(volume: Path) -> None:
    (volume / "_data/mine").touch()
    assert not fill(volume, _write)
    assert os.listdir(volume / "_data") == ["mine"]


def test_an_error_leaves_it_empty(volume: Path) -> None:
    def fail(descriptor: int) -> None:
        _write(descriptor)
        raise OSError(28, "no room")

    with pytest.raises(OSError, match="no room"):
        fill(volume, fail)
    assert os.listdir(volume) == ["_data"]
    assert fill(volume, _write)
    assert _whole(volume)


@pytest.mark.parametrize("call", ["mkdir", "open", "rename", "listdir", "rmdir", "fchmod"])
@pytest.mark.parametrize("at", [1, 2, 40])
def test_one_that_was_killed_is_redone_or_finished(volume: Path, call: str, at: int) -> None:
    child = os.fork()
    if child == 0:
        _die_at(call, at)
        fill(volume, _write)
        os._exit(0)
    os.waitpid(child, 0)
    seen = len(os.listdir(volume / "_data"))
    assert seen == 0 or is_unsettled(volume) or _whole(volume)
    fill(volume, _write)
    assert _whole(volume)
    assert os.listdir(volume) == ["_data"]


def test_what_a_container_made_meanwhile_is_kept(volume: Path) -> None:
    (volume / "filled").mkdir()
    (volume / "filled/a").write_text("the image's")
    (volume / "_data/a").write_text("the container's")
    settle(volume)
    assert (volume / "_data/a").read_text() == "the container's"
    assert os.listdir(volume) == ["_data"]


def _die_at(call: str, at: int) -> None:
    """In this process, the call of that number is the last thing that happens."""
    real = getattr(os, call)
    left = [at]

    def counted(*arguments: object, **options: object) -> object:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)

    setattr(os, call, counted)
