"""Removing trees."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from engine.layers.removal import move_away, remove_tree


def test_a_tree_goes_with_all_kinds_of_files(tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "a/b/c").mkdir(parents=True)
    (top / "a/d/e").mkdir(parents=True)
    (top / "a/file").write_text("x")
    os.mkfifo(top / "a/b/fifo")
    (top / "locked").mkdir()
    (top / "locked/file").write_text("x")
    (top / "locked").chmod(0)
    remove_tree(top)
    assert os.listdir(tmp_path) == []


def test_links_are_removed_and_never_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/file").write_text("x")
    (tmp_path / "top/a").mkdir(parents=True)
    (tmp_path / "top/link").symlink_to(tmp_path / "outside")
    (tmp_path / "top/a/link").symlink_to("../../outside")
    remove_tree(tmp_path / "top")
    assert (tmp_path / "outside/file").exists()


def test_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    remove_tree(tmp_path / "nothing")
    assert move_away(tmp_path / "nothing") is None


def test_moving_away_frees_the_name_at_once(tmp_path: Path) -> None:
    (tmp_path / "layer/a").mkdir(parents=True)
    gone = move_away(tmp_path / "layer")
    assert gone is not None
    assert gone.name.startswith("layer.gone-")
    assert (gone / "a").is_dir()


def test_two_that_remove_one_tree_do_not_trouble_each_other(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for number in range(60):
        (tree / str(number) / "deep").mkdir(parents=True)
        for name in "abcdefgh":
            (tree / str(number) / "deep" / name).touch()
    troubles: list[OSError] = []

    def remove() -> None:
        try:
            remove_tree(tree)
        except OSError as error:
            troubles.append(error)

    removers = [threading.Thread(target=remove) for _ in range(4)]
    for remover in removers:
        remover.start()
    for remover in removers:
        remover.join()
    assert troubles == []
    assert not tree.exists()
