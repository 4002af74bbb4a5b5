"""Bars in layer colours: stacked for an image, filling for a layer that travels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from tui.widgets.columns import Span, Spans

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_DOTTED = "░"
_SWALLOWS = 0.75  # a layer with more than this of an image is drawn by square root, so that others are seen
_SMALLEST = 3  # eighths of a cell that the smallest layer takes


@dataclass(frozen=True, slots=True)
class Segment:
    """One layer in a bar.

    :param slot: its colour; :param size: bytes; :param fill: 0.0 not here (dotted) to 1.0 here (solid).
    """

    slot: int
    size: int
    fill: float = 1.0


def by_root(sizes: Sequence[int]) -> bool:
    """Whether one of these sizes would swallow the others on a linear scale."""
    return len(sizes) > 1 and max(sizes) > _SWALLOWS * max(1, sum(sizes))


def stacked(segments: Sequence[Segment], width: int, share: float = 1.0) -> Spans:
    """Layers from base to top in their colours.

    :param width: cells of the whole bar; :param share: how much of them this image may take.
    """
    cells = max(1, round(width * share))
    segments = _joined(segments, cells)
    lengths = _lengths([segment.size for segment in segments], cells * 8)
    return _whole_cells(segments, lengths, cells)


def _joined(segments: Sequence[Segment], cells: int) -> list[Segment]:
    """At most two layers a cell: where there are more, the smallest give way, for they could not be seen."""
    most = max(1, cells * 2)
    if len(segments) <= most:
        return list(segments)
    kept = sorted(range(len(segments)), key=lambda i: segments[i].size, reverse=True)[:most]
    return [segments[i] for i in sorted(kept)]


def _lengths(sizes: Sequence[int], total: int) -> list[int]:
    """Eighths of a cell for each size, summing to `total`, none under `_SMALLEST` where there is room."""
    if not sizes:
        return []
    weights = [sqrt(size) for size in sizes] if by_root(sizes) else [float(size) for size in sizes]
    least = min(_SMALLEST, total // len(sizes))
    room = total - least * len(sizes)
    whole = sum(weights) or 1.0
    exact = [room * weight / whole for weight in weights]
    lengths = [least + int(part) for part in exact]
    by_rest = sorted(range(len(sizes)), key=lambda i: exact[i] - int(exact[i]), reverse=True)
    for i in by_rest[: total - sum(lengths)]:
        lengths[i] += 1
    lengths[-1] += total - sum(lengths)
    return _snapped(lengths)


def _snapped(lengths: list[int]) -> list[int]:
    """Where two layers of more than a cell meet, they meet at a cell's edge: only small ones need eighths."""
    end = 0
    for i in range(len(lengths) - 1):
        end += lengths[i]
        over = (end + 4) % 8 - 4
        if over and lengths[i] > 12 and lengths[i + 1] > 12:
            lengths[i] -= over
            lengths[i + 1] += over
            end -= over
    return lengths


def _whole_cells(segments: Sequence[Segment], lengths: Sequence[int], cells: int) -> Spans:
    """Segments as characters; where two meet inside a cell, one is the ink and the other the ground."""
    owners = [(i, n) for i, n in enumerate(lengths) if n > 0]
    starts: list[tuple[int, int]] = []
    position = 0
    for i, n in owners:
        starts.append((position, i))
        position += n
    out: list[Span] = []
    for at in range(cells):
        low, high = at * 8, at * 8 + 8
        inside = [(start, i) for start, i in starts if low < start < high]
        left = max((pair for pair in starts if pair[0] <= low), default=(0, owners[0][0] if owners else 0))[1]
        out.append(_one_cell(segments, left, inside, low))
    return _merged(out)


def _one_cell(segments: Sequence[Segment], left: int, inside: list[tuple[int, int]], low: int) -> Span:
    if not segments:
        return (" ", "text")
    first = segments[left]
    if not inside or first.fill < 1.0:
        return (_DOTTED if first.fill < 1.0 else "█", f"slot{first.slot}")
    start, i = inside[-1]
    return (_EIGHTHS[start - low], f"slot{first.slot} on slot{segments[i].slot}")


def _merged(spans: Sequence[Span]) -> Spans:
    out: list[Span] = []
    for text, ink in spans:
        if out and out[-1][1] == ink:
            out[-1] = (out[-1][0] + text, ink)
        else:
            out.append((text, ink))
    return tuple(out)


def filling(slot: int, done: int, total: int, width: int) -> Spans:
    """One layer on its way: solid as far as it has come, dotted in its colour for the rest."""
    eighths = 0 if total <= 0 else min(width * 8, round(width * 8 * done / total))
    full, part = divmod(eighths, 8)
    solid = "█" * full + (_EIGHTHS[part] if part else "")
    return ((solid, f"slot{slot}"), (_DOTTED * (width - len(solid)), f"slot{slot}"))


def plain(slot: int, size: int, largest: int, width: int) -> Spans:
    """One layer beside the others of its image, the largest taking the whole width."""
    if size <= 0 or width <= 0:
        return ()
    eighths = max(1, round(width * 8 * size / max(1, largest)))
    full, part = divmod(eighths, 8)
    return (("█" * full + (_EIGHTHS[part] if part else ""), f"slot{slot}"),)
