"""What lab/base holds."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from engine.lab.archive import File
from engine.lab.base import base_tree


@pytest.mark.skipif(
    not Path("/lib/terminfo/x/xterm").is_file(), reason="the host keeps its terminals elsewhere"
)
def test_programs_that_fill_the_screen_find_the_terminals_that_people_have() -> None:
    tree = base_tree()
    for name in ("dumb", "screen", "xterm", "xterm-256color"):
        described = tree[PurePosixPath("usr/share/terminfo", name[0], name)]
        assert isinstance(described, File)
        assert isinstance(described.source, Path)
