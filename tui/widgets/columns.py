"""Cells and columns of a list row: which columns fit, how wide each is, and the row as spans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from tui.text import clip, clip_middle, width_of

Span = tuple[str, str]
"""Safe text and the ink it is drawn in (see `tui.palette.Palette`)."""
Spans = tuple[Span, ...]
Cell = Spans | Callable[[int], Spans]
"""What stands in one column: spans, or a function from the column's width to spans."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list.

    :param least: cells without which it is not shown; :param most: cells beyond which it does not grow.
    :param drop: when space is short the column with the highest number goes first; 0 never goes.
    :param grow: its share of the space that is left.
    :param gap: empty cells before it.
    """

    least: int
    most: int = 0
    right: bool = False
    drop: int = 0
    grow: int = 0
    gap: int = 2
    cut: Literal["end", "middle"] = "end"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list.

    :param key: what it stands for; the cursor stays on it when the list changes.
    :param search: text the filter looks in.
    :param full: safe text of which a narrow row shows only a part; what is looked at in full and copied.
    """

    key: str
    cells: tuple[Cell, ...]
    search: str = ""
    full: str = ""


def cell(text: str, ink: str = "text") -> Spans:
    """A cell of one span."""
    return ((text, ink),)


def fit(columns: Sequence[Column], width: int) -> tuple[int, ...]:
    """The width of each column in a row of `width` cells; 0 for those that fall away."""
    shown = set(range(len(columns)))

    def needed() -> int:
        first = min(shown, default=0)
        return sum(columns[i].least + (columns[i].gap if i != first else 0) for i in shown)

    while needed() > width:
        droppable = [i for i in shown if columns[i].drop]
        if not droppable:
            break
        shown.remove(max(droppable, key=lambda i: columns[i].drop))
    widths = [column.least if i in shown else 0 for i, column in enumerate(columns)]
    spare = width - needed()
    if spare < 0:
        widest = max(shown, key=lambda i: columns[i].least)
        widths[widest] = max(1, widths[widest] + spare)
    _spread(columns, widths, spare)
    return tuple(widths)


def _spread(columns: Sequence[Column], widths: list[int], spare: int) -> None:
    """Give the space that is left to growing columns by their share, up to their most."""
    while spare > 0:
        growing = [i for i, c in enumerate(columns) if widths[i] and c.grow and widths[i] < c.most]
        if not growing:
            return
        total = sum(columns[i].grow for i in growing)
        before = spare
        for i in growing:
            share = max(1, before * columns[i].grow // total)
            given = min(share, columns[i].most - widths[i], spare)
            widths[i] += given
            spare -= given


def lay_out(columns: Sequence[Column], widths: Sequence[int], cells: Sequence[Cell]) -> list[Span]:
    """A row's spans, each cell clipped and padded to its column; a lone cell has the whole row."""
    if len(cells) == 1 < len(columns):
        whole = sum(width + column.gap for column, width in zip(columns, widths, strict=True) if width)
        return clip_spans(cells[0](whole) if callable(cells[0]) else cells[0], whole)
    out: list[Span] = []
    for column, width, content in zip(columns, widths, cells, strict=True):
        if not width:
            continue
        if out and column.gap:
            out.append((" " * column.gap, "text"))
        spans = clip_spans(content(width) if callable(content) else content, width, column.cut)
        gap = (" " * (width - sum(width_of(text) for text, _ in spans)), "text")
        out += [gap, *spans] if column.right else [*spans, gap]
    return out


def clip_spans(spans: Spans, width: int, cut: Literal["end", "middle"] = "end") -> list[Span]:
    """Spans in at most `width` cells; only a lone span can be cut in the middle."""
    if len(spans) == 1:
        text, ink = spans[0]
        return [(clip_middle(text, width) if cut == "middle" else clip(text, width), ink)]
    out: list[Span] = []
    for text, ink in spans:
        if width <= 0:
            break
        shown = clip(text, width)
        width -= width_of(shown)
        out.append((shown, ink))
    return out
