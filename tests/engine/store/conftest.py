from pathlib import Path

import pytest

from engine.store import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "store", tmp_path / "run")
    layout.create()
    return layout
