"""Plots made of eighth blocks: areas over time, one above another, with an axis at the left.

Time runs from left to right and the picture stands still: a new sample touches its own column and no
other. When the right edge is reached the older half leaves at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from tui.widgets.columns import Span, Spans

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_AXIS = 6  # cells of the figures at the left
_BLANK = (" ", "text")

Point = tuple[float, tuple[float, ...] | None]
"""A moment (seconds) and the value of each area then, the lowest first; None where nothing is known."""


@dataclass(frozen=True, slots=True)
class Window:
    """The part of time that a plot shows.

    :param start: seconds. :param step: seconds that one column stands for. :param columns: how many.
    """

    start: float
    step: float
    columns: int

    def column(self, moment: float) -> int:
        """Where a moment lies; may be outside."""
        return floor((moment - self.start) / self.step)


def window(began: float, now: float, columns: int, step: float) -> Window:
    """What to show so that `now` is in sight and nothing moves until the right edge is reached.

    :param began: when the first sample came; there the first picture begins.
    """
    columns = max(2, columns)
    at = floor((now - began) / step)
    half = columns // 2
    pages = 0 if at < columns else (at - columns) // half + 1
    return Window(began + pages * half * step, step, columns)


def nice(value: float) -> float:
    """The next round number at or above a value: 1, 2 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** floor(log10(value))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= value * 0.999)


def stacked(values: Sequence[tuple[float, ...] | None]) -> float:
    """The highest sum of one moment."""
    return max((sum(value) for value in values if value), default=0.0)


@dataclass(frozen=True, slots=True)
class Plot:
    """Areas stacked over time.

    :param points: in the order of time. :param inks: of the areas, the lowest first.
    :param top: value at the upper edge; :param label: that value as text, in at most six cells.
    """

    points: Sequence[Point]
    shown: Window
    inks: tuple[str, ...]
    top: float
    label: str

    def lines(self, height: int) -> list[Spans]:
        """The plot from top to bottom, its axis included."""
        columns = [_levels(value, self.top, height) for value in self._by_column()]
        return [
            (*self._axis(row, height), *_row(columns, self.inks, height - 1 - row)) for row in range(height)
        ]

    def _axis(self, row: int, height: int) -> Spans:
        text = self.label if row == 0 else "0" if row == height - 1 else ""
        return ((text.rjust(_AXIS), "muted"), ("┤" if text else "│", "frame"))

    def _by_column(self) -> list[tuple[float, ...] | None]:
        """The mean of what lies in each column."""
        found: list[list[tuple[float, ...]]] = [[] for _ in range(self.shown.columns)]
        for moment, value in self.points:
            column = self.shown.column(moment)
            if value is not None and 0 <= column < len(found):
                found[column].append(value)
        return [_mean(values) if values else None for values in found]


def width_for(cells: int) -> int:
    """Columns of time in a plot that is so many cells wide."""
    return max(2, cells - _AXIS - 1)


def _mean(values: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(sum(parts) / len(values) for parts in zip(*values, strict=True))


def _levels(value: tuple[float, ...] | None, top: float, height: int) -> tuple[int, ...] | None:
    """Upper edges of the areas in eighths of a cell; what is not nothing is seen."""
    if value is None:
        return None
    edges, total = [], 0.0
    for part in value:
        total += max(0.0, part)
        edges.append(max(1, min(height * 8, round(total / top * height * 8))) if total > 0 else 0)
    return tuple(edges)


def _row(columns: Sequence[tuple[int, ...] | None], inks: tuple[str, ...], row: int) -> Spans:
    """One line of cells, `row` counted from the bottom; neighbours of one ink are one span."""
    spans: list[Span] = []
    for edges in columns:
        text, ink = _BLANK if edges is None else _cell(edges, inks, row)
        if spans and spans[-1][1] == ink:
            spans[-1] = (spans[-1][0] + text, ink)
        else:
            spans.append((text, ink))
    return tuple(spans)


def _cell(edges: tuple[int, ...], inks: tuple[str, ...], row: int) -> Span:
    """One cell; of the areas that meet in it, the lowest is ink and the next one ground."""
    low = row * 8
    if not any(edges):
        return ("▁", "frame") if row == 0 else _BLANK  # there was a sample, and it was nothing
    for index, edge in enumerate(edges):
        filled = edge - low
        if filled <= 0:
            continue
        if filled >= 8:
            return "█", inks[index]
        above = next((inks[i] for i in range(index + 1, len(edges)) if edges[i] > edge), "")
        return _EIGHTHS[filled], f"{inks[index]} on {above}" if above else inks[index]
    return _BLANK
