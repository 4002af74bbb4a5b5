"""The names of tabs in a border: all of them where there is room, else those around the one in front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tui.widgets.columns import Span

_BETWEEN = " │ "
_MORE = 2  # cells that say that there are more on a side: the sign and a blank


class TabLine(NamedTuple):
    """What stands in the border.

    :param places: where a click opens which tab, as first cell, cell after the last, and name.
    """

    spans: tuple[Span, ...]
    places: tuple[tuple[int, int, str], ...]


def tab_line(names: Sequence[str], front: str, room: int) -> TabLine:
    """Names in at most `room` cells; the one in front is always among them."""
    at = names.index(front)
    first, last = _shown(names, at, room)
    spans: list[Span] = []
    places: list[tuple[int, int, str]] = []
    cells = 0

    def say(text: str, ink: str, opens: str = "") -> None:
        nonlocal cells
        spans.append((text, ink))
        if opens:
            places.append((cells, cells + len(text), opens))
        cells += len(text)

    if first:
        say("‹ ", "muted", names[first - 1])
    for index in range(first, last + 1):
        if index > first:
            say(_BETWEEN, "frame")
        say(names[index], "accent bold" if index == at else "muted", names[index])
    if last < len(names) - 1:
        say(" ›", "muted", names[last + 1])
    return TabLine(tuple(spans), tuple(places))


def _shown(names: Sequence[str], at: int, room: int) -> tuple[int, int]:
    """The first and the last tab that are named: as many on each side of the one in front as there are."""
    first = last = at
    while True:
        # The side with fewer names shown grows first, so that the one in front stays in the middle.
        sides = sorted(((at - first, first - 1, last), (last - at, first, last + 1)))
        wider = [(low, high) for _, low, high in sides if low >= 0 and high < len(names)]
        found = next(((low, high) for low, high in wider if _width(names, low, high) <= room), None)
        if found is None:
            return first, last
        first, last = found


def _width(names: Sequence[str], first: int, last: int) -> int:
    shown = names[first : last + 1]
    more = (_MORE if first else 0) + (_MORE if last < len(names) - 1 else 0)
    return sum(map(len, shown)) + len(_BETWEEN) * (len(shown) - 1) + more
