"""Themes on terminals of 256 colours: each colour as the nearest of those.

Left to itself, rich makes dark surfaces black and the row under the cursor a loud blue.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from tui.theme import Theme

_STEPS = (0, 95, 135, 175, 215, 255)  # of each channel in the cube of xterm's 256 colours
_CUBE = tuple((red, green, blue) for red in _STEPS for green in _STEPS for blue in _STEPS)
_GREYS = tuple((level, level, level) for level in range(8, 248, 10))

Colour = tuple[int, int, int]


def for_terminal(theme: Theme, color_system: str | None) -> Theme:
    """The theme as a terminal can show it; the same one where either has others."""
    return _mapped(theme, nearest) if color_system == "256" and not theme.few_colours else theme


@cache
def nearest(colour: str) -> str:
    """The colour among xterm's 216 and 24 greys that looks most like one (`#rrggbb`)."""
    wanted = int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
    red, green, blue = min((*_CUBE, *_GREYS), key=lambda one: _distance(one, wanted))
    return f"#{red:02x}{green:02x}{blue:02x}"


def _distance(one: Colour, other: Colour) -> float:
    """How far two colours look apart (the "redmean" of Riemersma: cheap, and near to what eyes say)."""
    red = (one[0] + other[0]) / 2
    dr, dg, db = (a - b for a, b in zip(one, other, strict=True))
    return (2 + red / 256) * dr * dr + 4 * dg * dg + (2 + (255 - red) / 256) * db * db


def _mapped(theme: Theme, shown: Callable[[str], str]) -> Theme:
    return replace(
        theme,
        surfaces=_surfaces({name: shown(colour) for name, colour in theme.surfaces.items()}, theme.kind),
        roles={name: shown(colour) for name, colour in theme.roles.items()},
        slots=tuple(map(shown, theme.slots)),
    )


def _surfaces(found: dict[str, str], kind: str) -> dict[str, str]:
    """The row under the cursor is told from its panel, by a grey more or less."""
    panel, cursor = found["panel"], found["cursor"]
    if panel != cursor:
        return found
    by = 0x14 if kind == "dark" else -0x14
    lifted = "".join(f"{min(255, max(0, int(panel[at : at + 2], 16) + by)):02x}" for at in (1, 3, 5))
    return {**found, "cursor": nearest(f"#{lifted}")}
