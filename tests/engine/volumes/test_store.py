"""Volumes as they are kept: row and directory together, or neither."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.containers.store import ContainerStore
from engine.errors import InvalidArgument, NotFound
from engine.settings import Settings
from engine.volumes.browse import browse, read
from engine.volumes.store import VolumeStore


@pytest.fixture
def volumes(settings: Settings) -> VolumeStore:
    store = ContainerStore(settings)
    store.layout.create()
    return store.volumes


def _killed_at(settings: Settings, call: str, action: str) -> None:
    """A process does something with volumes and is killed when it comes to a system call."""
    child = os.fork()
    if child == 0:
        setattr(os, call, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
        setattr(Path, call, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
        getattr(ContainerStore(settings).volumes, action)("data")
        os._exit(0)
    os.waitpid(child, 0)


def test_a_volume_is_there_once_made_and_gone_once_removed(volumes: VolumeStore) -> None:
    made = volumes.create("data", {"k": "v"})
    assert (made.name, made.labels, made.anonymous, made.used_by) == ("data", {"k": "v"}, False, ())
    assert os.listdir(made.path) == []
    assert [volume.name for volume in volumes.list()] == ["data"]
    volumes.remove("data")
    assert volumes.list() == []
    assert os.listdir(Path(made.path).parents[1]) == []
    with pytest.raises(NotFound):
        volumes.get("data")


def test_making_one_that_is_there_gives_it_as_it_is(volumes: VolumeStore) -> None:
    first = volumes.create("data", {"k": "v"})
    (Path(first.path) / "file").touch()
    assert volumes.create("data", {"other": ""}) == first
    assert os.listdir(first.path) == ["file"]


def test_many_make_the_same_at_once(settings: Settings, volumes: VolumeStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ContainerStore(settings).volumes.create("data"), range(16)))
    assert len(set(made)) == 1


@pytest.mark.parametrize("call", ["mkdir", "chmod", "rename", "fsync"])
def test_a_making_that_was_killed_leaves_nothing_to_be_seen(
    settings: Settings, volumes: VolumeStore, call: str
) -> None:
    _killed_at(settings, call, "create")
    assert volumes.list() == []
    made = volumes.create("data")
    assert os.listdir(made.path) == []
    volumes.sweep()
    assert os.listdir(Path(made.path).parents[1]) == ["data"]


@pytest.mark.parametrize("call", ["rename", "fsync", "unlink", "rmdir"])
def test_a_removal_that_was_killed_leaves_all_or_nothing(
    settings: Settings, volumes: VolumeStore, call: str
) -> None:
    made = volumes.create("data")
    (Path(made.path) / "file").write_text("content")
    _killed_at(settings, call, "remove")
    for volume in volumes.list():
        assert (Path(volume.path) / "file").read_text() == "content"
    again = volumes.create("data")
    assert os.listdir(again.path) in ([], ["file"])
    volumes.sweep()
    assert os.listdir(Path(made.path).parents[1]) == ["data"]


def test_data_that_lost_its_row_is_had_again_by_its_name(settings: Settings, volumes: VolumeStore) -> None:
    data = ContainerStore(settings).layout.volume_data("data")
    data.mkdir(parents=True)
    (data / "file").write_text("precious")
    volumes.prune(all_unused=True)
    assert (Path(volumes.create("data").path) / "file").read_text() == "precious"


def test_a_prune_takes_those_without_a_name_or_all(volumes: VolumeStore) -> None:
    volumes.create("named")
    nameless = volumes.create()
    assert volumes.prune().names == (nameless.name,)
    assert volumes.prune(all_unused=True, labels={"k": ""}).names == ()
    assert volumes.prune(all_unused=True).names == ("named",)


def test_looking_into_a_volume_stays_in_it(volumes: VolumeStore, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    data = Path(volumes.create("data").path)
    (data / "away").symlink_to(tmp_path)
    (data / "file").write_text("content")
    os.mkfifo(data / "fifo")
    assert [(entry.name, entry.kind) for entry in browse(data, "/")] == [
        ("away", "symlink"), ("fifo", "fifo"), ("file", "file"),
    ]  # fmt: skip
    assert read(data, "/../file", 4) == b"cont"
    for path in ("/away/secret", "/nothing", "a\0b"):
        with pytest.raises(NotFound):
            read(data, path, 10)
    with pytest.raises(InvalidArgument):
        read(data, "/fifo", 10)
