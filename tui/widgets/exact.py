"""Writing to the terminal only the cells that changed.

Textual's own partial update begins each changed line at the left edge of its widget, which costs a list of
live figures ten times the bytes of the figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise, takewhile

from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from textual._compositor import ChopsUpdate, Compositor
from textual.strip import Strip

_ONE_CELL = frozenset(" ·▁▂▃▄▅▆▇█│┤▪…")  # beside ASCII: characters of figures and plots, one cell wide


class ExactCompositor(Compositor):
    """A compositor whose partial updates are cut on both sides."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """What changed, and no cell beside it."""
        update = super().render_partial_update()
        return None if update is None else _Exact(update.chops, update.spans, update.chop_ends)


class _Exact(ChopsUpdate):
    def render_segments(self, console: Console) -> str:
        """The bytes for the terminal."""
        written: list[str] = []
        for y, x1, x2 in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= x2 or end <= x1:
                    continue
                first, last = max(x, x1), min(end, x2)
                written.append(Control.move_to(first, y).segment.text)
                written.append(strip.crop(first - x, last - x).render(console))
        return "".join(written)


def changed_cells(old: Strip, new: Strip) -> Iterator[tuple[int, int]]:
    """Where two lines differ, as (first cell, number of cells)."""
    before, after = list(old), list(new)
    if [part.cell_length for part in before] != [part.cell_length for part in after]:
        if not all(_is_narrow(part.text) for part in (*before, *after)) or _width(before) != _width(after):
            yield _between(before, after)
            return
        before, after = _cut(before, _edges(after)), _cut(after, _edges(before))
    at = 0
    for one, other in zip(before, after, strict=True):
        if one != other:
            left, width = _inside(one, other)
            yield at + left, width
        at += other.cell_length


def _edges(parts: Sequence[Segment]) -> list[int]:
    """Where each segment ends."""
    return list(accumulate(len(part.text) for part in parts))


def _cut(parts: Sequence[Segment], edges: Sequence[int]) -> list[Segment]:
    """Narrow segments, cut also at these cells."""
    found: list[Segment] = []
    at = 0
    for part in parts:
        end = at + len(part.text)
        inside = [at, *(edge for edge in edges if at < edge < end), end]
        found += [Segment(part.text[left - at : right - at], part.style) for left, right in pairwise(inside)]
        at = end
    return found


def _between(before: Sequence[Segment], after: Sequence[Segment]) -> tuple[int, int]:
    """From the first segment that differs to the last."""
    left = _width(one for one, other in _while_same(before, after))
    right = _width(one for one, other in _while_same(before[::-1], after[::-1]))
    whole = max(_width(before), _width(after))
    return (left, whole - left - right) if left + right < whole else (0, whole)


def _while_same(one: Sequence[Segment], other: Sequence[Segment]) -> Iterator[tuple[Segment, Segment]]:
    return takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))


def _width(parts: Iterator[Segment] | Sequence[Segment]) -> int:
    return sum(part.cell_length for part in parts)


def _inside(one: Segment, other: Segment) -> tuple[int, int]:
    """Where two segments of the same width differ: some characters of a figure, or all."""
    if one.style != other.style or not (_is_narrow(one.text) and _is_narrow(other.text)):
        return 0, other.cell_length
    pairs = list(zip(one.text, other.text, strict=True))
    left = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
    right = len(list(takewhile(lambda pair: pair[0] == pair[1], reversed(pairs))))
    return left, max(0, len(pairs) - left - right)


def _is_narrow(text: str) -> bool:
    return text.isascii() or all(letter.isascii() or letter in _ONE_CELL for letter in text)
