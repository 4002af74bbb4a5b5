"""The run form: read by the engine's own parser, copied, and kept for the next time."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from tests.tui.conftest import Make
from tests.tui.driving import ready, screen_lines
from tests.tui.fake import FakeSource
from tui.screens.run import RunDialog


@pytest.mark.parametrize(
    ("field", "typed"),
    [("ports", "x:80"), ("memory", "much"), ("cpus", "-1"), ("more", "--no-such"), ("binds", "a:b:c:d")],
)
async def test_what_the_engine_cannot_mean_is_said_while_typing(make: Make, field: str, typed: str) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("R")
        pilot.app.screen.query_one(f"#run-{field}", Input).value = typed
        await pilot.pause()
        assert "cannot be run like this" in "\n".join(screen_lines(pilot))
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, RunDialog)
        assert source.asked == []


async def test_the_command_is_copied(make: Make) -> None:
    async with make().run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("R", "tab", *"db", "ctrl+y")
        assert pilot.app.clipboard == "lamina run -d --name db postgres:15.1"


async def test_what_was_kept_comes_back_for_that_image(make: Make) -> None:
    async with make().run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("R", "tab", *"db", "ctrl+s", "escape", "R", "ctrl+o")
        await pilot.pause()
        assert pilot.app.screen.query_one("#run-name", Input).value == "db"
