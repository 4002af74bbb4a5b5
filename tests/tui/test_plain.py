"""`--plain` draws every screen in ASCII, and every screen there is stands among those that are pictured."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from pkgutil import iter_modules

import pytest
from textual.screen import Screen

import tui.screens
from tests.tui.conftest import Make
from tests.tui.driving import app_of, open_tab, ready, screen_lines, until
from tests.tui.fake_still import StillSource, sampled
from tests.tui.pictures import settled, sized
from tests.tui.test_lesson_snapshots import OPENS as LESSON_SCREENS
from tests.tui.test_snapshots import SCREENS
from tests.tui.test_tab_snapshots import TABS

_OPENS = {
    "first": "Workbench",
    "run": "RunDialog",
    "remove": "Confirm",
    "on-marked": "Pick",
    "tag": "LineDialog",
    "plan-failed": "PullDialog",
    "help": "Help",
    "palette": "Palette",
    "jump": "Jump",
    "logs": "LogScreen",
    "networks": "Stores",
    "files": "Browse",
    "explorer": "Explorer",
    "file": "FileView",
    "compare": "Compare",
    "task": "TaskDialog",
    "terminal": "TerminalScreen",
    "full-text": "TextDialog",
}
"""Which screen a picture is of, one for each."""


@pytest.mark.parametrize("screen", SCREENS)
async def test_only_ascii_is_drawn(make: Make, screen: str) -> None:
    async with make(StillSource(), screen={"plain": True}).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        sampled(pilot, 0, 40)
        await SCREENS[screen](pilot)
        assert _OPENS.get(screen, "") in ("", type(pilot.app.screen).__name__)
        assert _foreign(await settled(pilot)) == set()
        await sized(pilot, 80, 24)
        assert _foreign(await settled(pilot)) == set()


async def test_only_ascii_is_drawn_on_tabs_and_in_messages(make: Make) -> None:
    async with make(StillSource(), screen={"plain": True}).run_test(
        size=(120, 30), notifications=True
    ) as pilot:
        await ready(pilot)
        for tab, words in TABS.items():
            await open_tab(pilot, tab, partial(_has, words))
            assert (tab, _foreign(await settled(pilot))) == (tab, set())
        app_of(pilot).commands.say("Copied “it” · and more…", "the next — step", bad=True)
        await until(pilot, lambda: "Copied" in "".join(screen_lines(pilot)), "the message")
        assert _foreign(await settled(pilot)) == set()


async def test_only_ascii_is_drawn_of_an_empty_store(make: Make) -> None:
    async with make(StillSource(empty=True), screen={"plain": True}).run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        assert _foreign(await settled(pilot)) == set()


async def test_what_there_is_to_say_at_first_is_said(make: Make) -> None:
    app = make(StillSource())
    app.first_word = "only ASCII here"
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await until(pilot, lambda: "only ASCII here" in "".join(screen_lines(pilot)), "the word")


def test_every_screen_stands_among_the_pictures() -> None:
    for module in iter_modules(tui.screens.__path__):
        import_module(f"tui.screens.{module.name}")
    assert {_name(kind) for kind in _below(Screen) if _is_opened(kind)} == {
        *_OPENS.values(),
        *LESSON_SCREENS.values(),
    }


def _below(kind: type) -> set[type]:
    return {kind}.union(*map(_below, kind.__subclasses__()))


def _is_opened(kind: type) -> bool:
    """Whether it is one of ours, and no base of others."""
    return kind.__module__.startswith("tui.") and not kind.__subclasses__()


def _name(kind: type) -> str:
    return kind.__name__


def _has(words: str, text: str) -> bool:
    return words in text


def _foreign(drawn: str) -> set[str]:
    return {letter for letter in drawn if not letter.isascii()}
