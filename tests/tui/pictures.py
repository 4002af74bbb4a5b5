"""Pictures of screens as text: the letters of each line, then its inks in runs, with a legend of the inks.

They are kept in `tests/tui/pictures/`, one file a screen and theme; `--snapshot-update` writes them anew.
"""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size

from tests.tui.driving import Driver, until

SIZES = ((160, 45), (120, 30), (80, 24))
THEMES = ("lamina-dark", "lamina-light")
_KEPT = Path(__file__).parent / "pictures"
_SIGNS = string.ascii_letters


async def sized(pilot: Driver, width: int, height: int) -> None:
    """Make the window another size, and wait until the screen is drawn for it."""
    await pilot.resize_terminal(width, height)
    screen, size = pilot.app.screen, Size(width, height)
    # A screen knows its size before it is laid out for it, which takes its time on a busy machine.
    await until(pilot, lambda: screen.size == size and screen._compositor.size == size, "the size")


async def pictures(pilot: Driver) -> dict[str, str]:
    """The screen in each of the sizes, beginning with the largest."""
    found = {}
    for width, height in SIZES:
        if (width, height) != tuple(pilot.app.size):
            await sized(pilot, width, height)
        found[f"{width}x{height}"] = await settled(pilot)
    return found


async def settled(pilot: Driver) -> str:
    """The screen when nothing moves on it any more."""
    seen = [""]
    while len(seen) < 4 or len(set(seen[-3:])) > 1:
        await pilot.pause()
        seen.append(picture(pilot))
    return seen[-1]


def picture(pilot: Driver) -> str:
    """The screen as it is drawn now."""
    signs: dict[Style, str] = {}
    lines, inks = [], []
    for strip in pilot.app.screen._compositor.render_strips():
        lines.append("".join(segment.text for segment in strip).rstrip())
        inks.append(_runs(list(strip), signs))
    legend = [f"  {sign} {_words(style)}" for style, sign in signs.items()]
    return "\n".join([*lines, "", *inks, "", *legend, ""])


def _runs(segments: list[Segment], signs: dict[Style, str]) -> str:
    runs: list[tuple[str, int]] = []
    for segment in segments:
        style = segment.style or Style.null()
        sign = signs.setdefault(_drawn(style), _SIGNS[len(signs) % len(_SIGNS)])
        if runs and runs[-1][0] == sign:
            runs[-1] = (sign, runs[-1][1] + segment.cell_length)
        else:
            runs.append((sign, segment.cell_length))
    return "".join(f"{sign}{length}" for sign, length in runs)


def _drawn(style: Style) -> Style:
    """What of a style is seen."""
    return Style(color=style.color, bgcolor=style.bgcolor, bold=style.bold, reverse=style.reverse)


def _words(style: Style) -> str:
    marks = [word for word, on in (("bold", style.bold), ("reverse", style.reverse)) if on]
    return " ".join([_colour(style.color), "on", _colour(style.bgcolor), *marks])


def _colour(colour: Color | None) -> str:
    return colour.get_truecolor().hex if colour is not None else "-"


def compare(request: pytest.FixtureRequest, name: str, pictures: dict[str, str]) -> None:
    """Whether pictures, by their title, are as they are kept; or keep them, where that is asked."""
    drawn = "\n".join(f"=== {title} ===\n{drawn}" for title, drawn in pictures.items())
    kept = _KEPT / f"{name}.txt"
    if request.config.getoption("--snapshot-update"):
        _KEPT.mkdir(exist_ok=True)
        kept.write_text(drawn, "utf-8")
    else:
        assert kept.exists(), "no picture is kept: pytest tests/tui/test_snapshots.py --snapshot-update"
        assert drawn == kept.read_text("utf-8")
