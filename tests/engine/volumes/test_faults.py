"""Containers that are made while others make theirs, or are killed while they do."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.command import REPOSITORY, Lamina
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system]


def _create(house: Lamina, name: str) -> subprocess.Popen[bytes]:
    words = house.words("create", "--network", "none", "--name", name, "-v", "kept:/data", "vol", "true")
    return subprocess.Popen(words, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_containers_made_at_once_share_a_volume_that_was_filled_once(house: Lamina) -> None:
    made = [_create(house, f"box{number}") for number in range(4)]
    assert [process.wait(60) for process in made] == [0] * 4
    (row,) = house("volume", "inspect", "kept").json()
    assert row["UsedBy"] == [f"box{number}" for number in range(4)]
    assert (Path(row["Mountpoint"]) / "deep/file").read_bytes() == b"content"
    house("rm", "-v", *row["UsedBy"]).ok()
    assert house("volume", "ls", "-q").ok().out == "kept\n"


@pytest.mark.parametrize("seen", ["kept", "kept/_data", "kept/filling", "kept/filled"])
def test_a_making_killed_while_its_volume_is_made_or_filled_is_done_again(
    house: Lamina, store_root: Path, seen: str
) -> None:
    process = _create(house, "box")
    eventually(lambda: os.path.lexists(store_root / "volumes" / seen) or process.poll() is not None, every=0)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    house("run", "--rm", "--network", "none", "-v", "kept:/data", "vol", "true").ok()
    data = store_root / "volumes/kept/_data"
    assert sorted(os.listdir(data)) == ["deep", "fifo", "link", "twin"]
    assert (data / "deep/file").read_bytes() == b"content"
    assert os.listdir(store_root / "volumes/kept") == ["_data"]
