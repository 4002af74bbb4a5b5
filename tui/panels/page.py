"""What a tab of the inspector shows, as plain rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tui.text import safe
from tui.widgets.columns import Cell, Column, Row, Span, Spans, cell, fit, lay_out


@dataclass(frozen=True, slots=True)
class Page:
    """One tab's content.

    :param state: what the border says on the right, besides the place of the cursor.
    """

    columns: tuple[Column, ...]
    rows: Sequence[Row]
    empty: tuple[str, ...] = ()
    state: tuple[Span, ...] = ()
    heading: tuple[Cell, ...] = ()


PAIRS = (Column(11), Column(20, most=4096, grow=1))
Pair = tuple[str, str]
"""A name and its value, which may be outside text."""


def moment(seconds: float | None) -> str:
    """A time as the host's clock shows it: `2026-03-01 14:05:09`, or "" where it is not known."""
    if seconds is None:
        return ""
    try:
        return f"{datetime.fromtimestamp(seconds).astimezone():%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):  # times come from images, and may lie outside all calendars
        return "out of range"


def pairs_rows(pairs: Iterable[Pair]) -> list[Row]:
    """Names and values, one a row; what has no value is left out, and a name stands once."""
    rows: list[Row] = []
    last = ""
    for index, (name, value) in enumerate(pairs):
        if not value:
            continue
        label = name if name != last else ""
        last = name
        shown = safe(value)
        cells = (cell(label, "muted"), cell(shown))
        rows.append(Row(f"{name}-{index}", cells, f"{name} {shown}".lower(), shown))
    return rows


def across(columns: Sequence[Column], cells: tuple[Cell, ...]) -> Cell:
    """A cell with columns of its own, for rows that stand among others of another form."""

    def spread(width: int) -> Spans:
        return tuple(lay_out(columns, fit(columns, width), cells))

    return spread
