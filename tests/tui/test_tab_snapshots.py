"""Pictures of the tabs of a container, in three sizes and two themes."""

from __future__ import annotations

import pytest

from engine.containers.overlays import Effect
from tests.tui.conftest import Make
from tests.tui.driving import open_tab, ready, text_of, until
from tests.tui.fake_running import change
from tests.tui.fake_still import StillSource, sampled
from tests.tui.pictures import SIZES, THEMES, compare, pictures

TABS = {
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


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("tab", TABS)
async def test_tab(
    request: pytest.FixtureRequest, make: Make, monkeypatch: pytest.MonkeyPatch, tab: str, theme: str
) -> None:
    monkeypatch.setattr("tui.watcher._OFTEN", 3600.0)  # what is read a second time knows more
    source = StillSource()
    async with make(source, theme=theme).run_test(size=SIZES[0]) as pilot:
        await ready(pilot)
        inspector = await open_tab(pilot, tab, lambda text: TABS[tab] in text)
        if tab == "Stats":
            sampled(pilot, 0, 46)
        if tab == "Overlay":
            source.written.put_nowait([change(Effect.COPIED_UP, "/etc/hosts", 300, "debian")])
            await until(pilot, lambda: "as it happened" in text_of(inspector), "the feed")
        compare(request, f"tab-{tab.lower()}-{theme}", await pictures(pilot))
