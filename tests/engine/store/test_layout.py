from pathlib import Path

import pytest

from engine.errors import Unavailable
from engine.store import Layout


def test_create_makes_every_directory(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "deep" / "store", tmp_path / "run")
    layout.create()
    for directory in (
        layout.blobs,
        layout.ingest,
        layout.layers,
        layout.seams,
        layout.containers,
        layout.volumes,
    ):
        assert directory.is_dir()
    assert layout.run.is_dir()


def test_nobody_else_may_walk_into_a_store(layout: Layout) -> None:
    assert layout.root.stat().st_mode & 0o777 == 0o700


def test_create_may_be_called_again(layout: Layout) -> None:
    layout.create()


def test_a_file_in_the_way_is_told_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("not a directory")
    with pytest.raises(Unavailable) as caught:
        Layout(tmp_path / "store", tmp_path / "run").create()
    assert "store" in caught.value.message
    assert caught.value.hint
