"""Writing to the terminal only the cells that changed.

Textual's own updates write whole lines of every widget that was touched: a focus that goes from panel to
panel would send both panels, a dialog that closes the whole screen, which a slow line shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise, takewhile

from rich.console import Console, RenderableType
from rich.control import Control
from rich.segment import Segment
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

# Beside ASCII: characters of figures, plots and frames, one cell wide.
_ONE_CELL = frozenset(" ·▁▂▃▄▅▆▇█▉▊▋▌▍▎▏│┤▪…─╭╮╰╯●○✗▸▾")


class Sent:
    """What stands on the terminal, line by line, as far as it is known."""

    def __init__(self) -> None:
        self._lines: list[Strip] = []
        self._size = Size(0, 0)

    def forget(self) -> None:
        """The terminal may show anything: the next update that draws all of the screen sends all of it."""
        self._lines = []

    def without_what_stands(self, update: RenderableType | None) -> RenderableType | None:
        """An update that, when it is written, sends only what is not there yet."""
        return _Rest(self, update) if isinstance(update, CompositorUpdate) else update

    def send(self, update: CompositorUpdate, console: Console) -> str:
        """The bytes for the terminal, which from now on stand there."""
        if isinstance(update, LayoutUpdate):
            if update.region.size != self._size:
                self.forget()
                self._size = update.region.size
            whole = [Strip.join(line) for line in update.strips]
            if len(self._lines) != len(whole):
                self._lines = whole
                return update.render_segments(console)
            pieces = [(y, 0, line) for y, line in enumerate(whole)]
        elif isinstance(update, ChopsUpdate) and self._lines:
            pieces = list(_pieces(update))
        else:
            return update.render_segments(console)
        return "".join(text for y, x, strip in pieces for text in self._changes(y, x, strip, console))

    def _changes(self, y: int, x: int, strip: Strip, console: Console) -> Iterator[str]:
        if y >= len(self._lines):
            return
        line, end = self._lines[y], x + strip.cell_length
        before = line.crop(x, end)
        if before == strip:
            return
        for left, cells in _joined(changed_cells(before, strip)):
            yield Control.move_to(x + left, y).segment.text
            yield strip.crop(left, left + cells).render(console)
        self._lines[y] = Strip.join([line.crop(0, x), strip, line.crop(end, line.cell_length)])


class _Rest(CompositorUpdate):
    """What is left to send of an update."""

    def __init__(self, sent: Sent, update: CompositorUpdate) -> None:
        self._sent = sent
        self._update = update

    def render_segments(self, console: Console) -> str:
        """The bytes for the terminal."""
        return self._sent.send(self._update, console)


def _pieces(update: ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    """The parts of lines that an update draws: line, first cell, content."""
    for y, x1, x2 in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x < x2 and end > x1:
                first, last = max(x, x1), min(end, x2)
                yield y, first, strip.crop(first - x, last - x)


def _joined(runs: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Runs of which none begins where another ends."""
    start = end = -1
    for left, cells in runs:
        if left == end:
            end += cells
            continue
        if start >= 0:
            yield start, end - start
        start, end = left, left + cells
    if start >= 0:
        yield start, end - start


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
