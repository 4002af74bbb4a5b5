"""Themes on terminals of 256 colours."""

from __future__ import annotations

import pytest
from rich.color import Color, ColorSystem

from tests.tui.conftest import Make
from tests.tui.driving import app_of, ready
from tui.few_colours import for_terminal, nearest
from tui.theme import load_themes

_ALL = load_themes().found


@pytest.mark.parametrize("name", _ALL)
def test_surfaces_are_told_apart_and_neighbours_in_a_stack_too(name: str) -> None:
    theme = _ALL[name]
    shown = for_terminal(theme, "256")
    assert shown.surfaces["panel"] != shown.surfaces["cursor"]
    for one, other in zip(theme.slots, theme.slots[1:], strict=False):
        assert one == other or nearest(one) != nearest(other)


@pytest.mark.parametrize("system", ["truecolor", "standard", None])
def test_other_terminals_get_the_theme_as_it_is(system: str | None) -> None:
    assert for_terminal(_ALL["lamina-dark"], system) is _ALL["lamina-dark"]


@pytest.mark.parametrize("colour", ["#15181d", "#262c36", "#5f87d7", "#fbfcfd"])
def test_what_is_chosen_is_what_the_terminal_is_told(colour: str) -> None:
    told = Color.parse(nearest(colour)).downgrade(ColorSystem.EIGHT_BIT)
    assert told.number is not None
    assert told.number >= 16
    assert _far(told.get_truecolor().hex, nearest(colour)) <= 10


def _far(one: str, other: str) -> int:
    return max(abs(int(one[at : at + 2], 16) - int(other[at : at + 2], 16)) for at in (1, 3, 5))


async def test_the_screen_is_drawn_in_them(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "")
    monkeypatch.setenv("TERM", "tmux-256color")
    async with make().run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        assert app_of(pilot).palette.theme.surfaces["panel"] == "#1c1c1c"
        app_of(pilot).use_theme("paper")
        assert app_of(pilot).palette.theme.surfaces["panel"] == "#eeeeee"
