"""Bars in layer colours: stacked for an image, filling for a layer that travels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from tui.widgets.columns import Span, Spans

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_DOTTED = "░"
_SWALLOWS = 0.75  # a layer with more than this of an image is drawn by square root, so that others are seen


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
    """Layers from base to top in their colours, none shorter than half a cell.

    :param width: cells of the whole bar; :param share: how much of them this image may take.
    """
    cells = max(1, round(width * share))
    segments = _seen(segments, cells)
    if not segments:
        return ((" " * cells, "text"),)
    owners = [
        segment
        for segment, length in zip(segments, _lengths(segments, cells * 2), strict=True)
        for _ in range(length)
    ]
    return _merged([_one_cell(*owners[at : at + 2]) for at in range(0, cells * 2, 2)])


def _seen(segments: Sequence[Segment], cells: int) -> list[Segment]:
    """At most two layers a cell: where there are more, the smallest give way, for they could not be seen."""
    if len(segments) <= cells * 2:
        return list(segments)
    by_size = sorted(range(len(segments)), key=lambda i: segments[i].size, reverse=True)
    return [segments[i] for i in sorted(by_size[: cells * 2])]


def _lengths(segments: Sequence[Segment], total: int) -> list[int]:
    """Half cells for each layer, summing to `total`, at least one each."""
    sizes = [segment.size for segment in segments]
    weights = [sqrt(size) for size in sizes] if by_root(sizes) else [float(size) for size in sizes]
    room, whole = total - len(sizes), sum(weights) or 1.0
    exact = [room * weight / whole for weight in weights]
    lengths = [1 + int(part) for part in exact]
    by_rest = sorted(range(len(sizes)), key=lambda i: exact[i] - int(exact[i]), reverse=True)
    for i in by_rest[: total - sum(lengths)]:
        lengths[i] += 1
    lengths[-1] += total - sum(lengths)
    return _snapped(lengths)


def _snapped(lengths: list[int]) -> list[int]:
    """Where two layers of more than a cell meet, they meet at a cell's edge: only small ones need halves."""
    end = 0
    for i in range(len(lengths) - 1):
        end += lengths[i]
        if end % 2 and lengths[i] > 2 and lengths[i + 1] > 2:
            lengths[i] += 1
            lengths[i + 1] -= 1
            end += 1
    return lengths


def _one_cell(left: Segment, right: Segment) -> Span:
    """One cell; where two layers meet inside it, one is the ink and the other the ground."""
    if left.fill < 1.0:
        return (_DOTTED, f"slot{left.slot}")
    if left.slot == right.slot or right.fill < 1.0:
        return ("█", f"slot{left.slot}")
    return ("▌", f"slot{left.slot} on slot{right.slot}")


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
    # Whole cells only: an eighth block would leave a hole between solid and dotted.
    full = 0 if total <= 0 else min(width, width * done // total)
    return (("█" * full, f"slot{slot}"), (_DOTTED * (width - full), f"slot{slot}"))


def plain(slot: int, size: int, largest: int, width: int) -> Spans:
    """One layer beside the others of its image, the largest taking the whole width."""
    if size <= 0 or width <= 0:
        return ()
    eighths = max(1, round(width * 8 * size / max(1, largest)))
    full, part = divmod(eighths, 8)
    return (("█" * full + (_EIGHTHS[part] if part else ""), f"slot{slot}"),)
