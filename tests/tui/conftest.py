"""A workstation over the store that stands still."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from engine.settings import Settings
from tests.tui.fake import NOW, FakeSource
from tui.app import Lamina

Make = Callable[..., Lamina]


@pytest.fixture(autouse=True)
def _one_clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Times on screen are those of UTC, all colours are had, and nobody's own themes are found."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LAMINA_CONFIG", str(tmp_path / "config" / "lamina"))
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """What a workstation keeps from the collector for its whole life is let go of with it."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a workstation over a source, a standing one where none is given."""

    def made(
        source: FakeSource | None = None,
        theme: str = "lamina-dark",
        screen: Mapping[str, object] | None = None,
    ) -> Lamina:
        settings = Settings(root=tmp_path / "store", run=tmp_path / "run", screen=screen or {})
        return Lamina(settings, source=source or FakeSource(), clock=lambda: NOW, theme_name=theme)

    return made
