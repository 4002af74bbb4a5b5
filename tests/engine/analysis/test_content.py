"""Files are read from the layer that wins, and no link of a layer leads out of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.analysis.content import Contents
from engine.analysis.text import chunks
from engine.errors import Corrupt, InvalidArgument
from tests.engine.analysis.lay import lay
from tests.engine.analysis.tables import hard, link


def read(contents: Contents, path: str) -> bytes:
    """A file's content."""
    return b"".join(chunks(contents, contents.stack.follow(path)))


def test_topmost_copy_is_read(tmp_path: Path) -> None:
    assert read(lay(tmp_path, {"a": b"old"}, {"a": b"new"}), "/a") == b"new"


def test_links_lead_through_layers(tmp_path: Path) -> None:
    contents = lay(tmp_path, {"etc/alternatives/vi": link("/usr/bin/vim")}, {"usr/bin/vim": b"vim"})
    assert read(contents, "etc/alternatives/vi") == b"vim"


def test_hard_link_to_a_lower_layer_is_read_there(tmp_path: Path) -> None:
    assert read(lay(tmp_path, {"a": b"content"}, {"b": hard("a")}), "b") == b"content"


def test_link_out_of_the_image_stays_inside(tmp_path: Path) -> None:
    contents = lay(tmp_path, {"up": link("../../../../etc/hostname"), "etc/hostname": b"the image's"})
    assert read(contents, "up") == b"the image's"


def test_directory_on_disk_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    contents = lay(tmp_path / "store", {"a/secret": b"inside"})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"outside")
    os.rename(tmp_path / "store/layer0/a", tmp_path / "store/layer0/b")
    (tmp_path / "store/layer0/a").symlink_to(outside)
    with pytest.raises(Corrupt, match="cannot be read from layer 1"):
        read(contents, "a/secret")


def test_pipe_on_disk_does_not_make_us_wait(tmp_path: Path) -> None:
    contents = lay(tmp_path, {"a": b"content"})
    (tmp_path / "layer0/a").unlink()
    os.mkfifo(tmp_path / "layer0/a")
    with pytest.raises(Corrupt):
        read(contents, "a")


def test_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="no regular file"):
        read(lay(tmp_path, {"a/b": b""}), "a")
