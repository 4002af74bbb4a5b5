"""What Activity tells of one action, and the switch that gives the mouse to the terminal."""

from __future__ import annotations

import pytest

from tests.tui.conftest import Make
from tests.tui.driving import Driver, app_of, ready, screen_lines, until, widths
from tests.tui.hostile import HOSTILE
from tui.screens.task import TaskDialog


async def failed(pilot: Driver, note: str, command: str = "lamina rmi x") -> None:
    """Stand on a failure in Activity."""
    await ready(pilot)
    app = app_of(pilot)
    app.bridge.note_failure("remove x", note, command=command, hint="stop it first")
    await until(pilot, lambda: bool(app.state.tasks), "the failure")
    await pilot.press("5")
    await pilot.pause()


async def test_enter_shows_an_action_in_full(make: Make) -> None:
    async with make().run_test(size=(80, 24)) as pilot:
        await failed(pilot, "it is used by pg1")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, TaskDialog), "the dialog")
        shown = "\n".join(screen_lines(pilot))
        assert all(words in shown for words in ("it is used by pg1", "stop it first", "lamina rmi x"))


async def test_its_command_is_copied(make: Make) -> None:
    async with make().run_test(size=(80, 24)) as pilot:
        await failed(pilot, "no")
        await pilot.press("y")
        assert pilot.app.clipboard == "lamina rmi x"


@pytest.mark.parametrize("text", HOSTILE[:6])
async def test_hostile_words_stay_in_their_frame(make: Make, text: str) -> None:
    async with make().run_test(size=(80, 24)) as pilot:
        await failed(pilot, text * 20, text)
        await pilot.press("enter")
        await pilot.pause()
        assert widths(pilot) == {80}


async def test_the_mouse_goes_to_the_terminal_and_comes_back(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make().run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        written: list[str] = []
        driver = pilot.app._driver
        assert driver is not None
        monkeypatch.setattr(driver, "write", written.append)
        await pilot.press("f2")
        assert any("\x1b[?1000l" in text for text in written)
        await pilot.press("f2")
        assert any("\x1b[?1000h" in text for text in written)
