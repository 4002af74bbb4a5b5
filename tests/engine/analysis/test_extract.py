"""What is written to the host is what the image shows, and nothing else is touched."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from engine.analysis.content import Contents
from engine.analysis.extract import Extracted, extract
from engine.analysis.stacked import Stack
from engine.errors import AlreadyExists, Corrupt, InvalidArgument
from engine.layers.member import Kind
from engine.layers.removal import remove_tree
from tests.engine.analysis.lay import lay
from tests.engine.analysis.tables import GONE, What, file, folder, link, tables


def write(contents: Contents, path: str, destination: Path) -> Extracted:
    """Extract a path."""
    return extract(contents, contents.stack.follow(path), destination)


def test_tree_of_all_layers_is_written(tmp_path: Path) -> None:
    contents = lay(
        tmp_path / "s", {"a/b": b"old", "a/gone": b""}, {"a/b": b"new", "a/gone": GONE, "a/c/d": b"1"}
    )
    done = write(contents, "a", tmp_path / "out")
    assert (tmp_path / "out/b").read_bytes() == b"new"
    assert (tmp_path / "out/c/d").read_bytes() == b"1"
    assert not (tmp_path / "out/gone").exists()
    assert (done.files, done.directories, done.size) == (2, 2, 4)


def test_directory_that_is_there_takes_it_under_its_own_name(tmp_path: Path) -> None:
    write(lay(tmp_path / "s", {"etc/motd": b"hello"}), "etc/motd", tmp_path)
    assert (tmp_path / "motd").read_bytes() == b"hello"


def test_mode_and_time_are_kept_but_no_set_id_bits(tmp_path: Path) -> None:
    contents = lay(
        tmp_path / "s", {"su": file(b"x", mode=0o6755, mtime=10**18), "d": folder(mode=0o555), "d/e": b""}
    )
    write(contents, "/", tmp_path / "out")
    status = os.stat(tmp_path / "out/su")
    assert (stat.S_IMODE(status.st_mode), status.st_mtime_ns) == (0o755, 10**18)
    assert stat.S_IMODE(os.stat(tmp_path / "out/d").st_mode) == 0o555


def test_links_are_written_as_they_are_and_never_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    contents = lay(tmp_path / "s", {"a/out": link(str(outside)), "a/z": b""})
    write(contents, "a", tmp_path / "out")
    assert os.readlink(tmp_path / "out/out") == str(outside)
    assert list(outside.iterdir()) == []


def test_names_of_one_file_stay_one_file(tmp_path: Path) -> None:
    contents = lay(tmp_path / "s", {"d/a": b"123", "d/b": What(same_as="d/a")})
    assert write(contents, "d", tmp_path / "out").size == 3
    assert os.path.samefile(tmp_path / "out/a", tmp_path / "out/b")


def test_devices_are_left_out_and_named(tmp_path: Path) -> None:
    contents = lay(tmp_path / "s", {"dev/null": What(Kind.CHAR), "dev/x": b""})
    assert write(contents, "dev", tmp_path / "out").skipped == ["dev/null"]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "motd").write_text("mine")
    with pytest.raises(AlreadyExists):
        write(lay(tmp_path / "s", {"etc/motd": b"theirs"}), "etc/motd", tmp_path)
    assert (tmp_path / "motd").read_text() == "mine"


def test_link_that_stands_at_the_destination_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(AlreadyExists):
        write(lay(tmp_path / "s", {"a": b"1"}), "a", tmp_path / "link")
    assert not (tmp_path / "target").exists()


def test_failure_leaves_nothing(tmp_path: Path) -> None:
    contents = lay(tmp_path / "s", {"a/b": b"1", "a/c": b"2"})
    (tmp_path / "s/layer0/a/c").unlink()
    with pytest.raises(Corrupt):
        write(contents, "a", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_very_deep_tree_is_written(tmp_path: Path) -> None:
    path = "/".join(["d"] * 1200) + "/file"
    root = tmp_path / "s/layer0"
    root.mkdir(parents=True)
    descriptor = os.open(root, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=descriptor)
        below = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=descriptor))
    os.close(descriptor)
    done = write(Contents(Stack(tables({path: b""})), lambda _: root), "d", tmp_path / "out")
    remove_tree(root)
    remove_tree(tmp_path / "out")  # what pytest would do itself cannot go so deep
    assert (done.files, done.directories) == (1, 1200)


def test_destination_without_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="cannot write into"):
        write(lay(tmp_path / "s", {"a": b"1"}), "a", tmp_path / "nowhere/out")
