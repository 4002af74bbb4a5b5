"""A sandbox for each test, in a store whose leaks are checked."""

from pathlib import Path

import pytest

from tests.engine.launch.sandbox import Sandbox, make_root


@pytest.fixture
def box(store_root: Path, requires_root: None, no_leaks: None) -> Sandbox:
    """A container of busybox, ready to run."""
    lower = make_root(store_root / "lower")
    base = store_root / "box"
    base.mkdir()
    return Sandbox(base, [lower])
