"""Copying a directory of an image."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.volumes.copying import copy_tree


def _copy(source: Path, target: Path) -> None:
    target.mkdir()
    reading, writing = (os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in (source, target))
    try:
        copy_tree(reading, writing)
    finally:
        os.close(reading)
        os.close(writing)


def test_holes_stay_holes(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    with open(source / "sparse", "wb") as file:
        file.seek(1 << 24)
        file.write(b"end")
        file.truncate(1 << 25)
    _copy(source, tmp_path / "target")
    copy = tmp_path / "target/sparse"
    assert copy.read_bytes() == (source / "sparse").read_bytes()
    assert copy.stat().st_blocks * 512 < 1 << 20


def test_directories_keep_their_times_though_things_are_made_in_them(tmp_path: Path) -> None:
    (tmp_path / "source/a/b").mkdir(parents=True)
    (tmp_path / "source/a/b/c").touch()
    for path in ("source/a/b", "source/a", "source"):
        os.utime(tmp_path / path, (5, 6))
    _copy(tmp_path / "source", tmp_path / "target")
    assert [(tmp_path / f"target/{path}").stat().st_mtime for path in ("", "a", "a/b")] == [6, 6, 6]


def test_links_are_copied_and_never_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("secret")
    (tmp_path / "source").mkdir()
    (tmp_path / "source/away").symlink_to(tmp_path / "outside")
    _copy(tmp_path / "source", tmp_path / "target")
    assert os.readlink(tmp_path / "target/away") == str(tmp_path / "outside")


@pytest.mark.parametrize("names", [[b"\xff\xfe", b"new\nline", b"a" * 255]])
def test_any_name_is_copied(tmp_path: Path, names: list[bytes]) -> None:
    (tmp_path / "source").mkdir()
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path / "source") + b"/" + name)).write_bytes(name)
    _copy(tmp_path / "source", tmp_path / "target")
    assert sorted(os.listdir(os.fsencode(tmp_path / "target"))) == sorted(names)
