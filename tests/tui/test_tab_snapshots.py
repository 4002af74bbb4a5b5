"""Pictures of the tabs of a container, in two sizes and two themes."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from engine.containers.overlays import Effect
from tests.tui.conftest import Make
from tests.tui.driving import open_tab, ready, text_of, until
from tests.tui.fake_running import change
from tests.tui.fake_still import StillSource, sampled
from tests.tui.test_snapshots import Compare

_TABS = {
    "Stats": "",
    "Processes": "walwriter",
    "Config": "PGDATA",
    "Mounts": "pgdata",
    "Network": "lamina1",
    "Overlay": "/etc/passwd",
    "Namespaces": "mnt",
    "Health": "pg_isready",
    "Events": "die",
}


@pytest.mark.parametrize("theme", ["lamina-dark", "lamina-light"])
@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("tab", _TABS)
def test_tab(snap_compare: Compare, make: Make, tab: str, size: tuple[int, int], theme: str) -> None:
    source = StillSource()

    async def look(pilot: Pilot[Any]) -> None:
        await ready(pilot)
        inspector = await open_tab(pilot, tab, lambda text: _TABS[tab] in text)
        if tab == "Stats":
            sampled(pilot, 0, 46)
        if tab == "Overlay":
            source.written.put_nowait([change(Effect.COPIED_UP, "/etc/hosts", 300, "debian")])
            await until(pilot, lambda: "as it happened" in text_of(inspector), "the feed")
        await pilot.pause()

    assert snap_compare(make(source, theme), terminal_size=size, run_before=look)
