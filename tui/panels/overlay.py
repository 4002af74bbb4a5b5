"""A container's stack at work: what lies below, what it has written above, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from tui.facts import Written
from tui.panels.page import Page, across
from tui.text import count, safe, size
from tui.widgets.bar import Segment, stacked
from tui.widgets.columns import Cell, Column, Row, Span, Spans, cell
from tui.widgets.lazy import LazyRows

if TYPE_CHECKING:
    from engine.containers.overlays import OverlayChange
    from engine.images.models import ImageDetail, LayerRow

_COLUMNS = (Column(1), Column(8), Column(20, most=4096, grow=1))
_BESIDE = (Column(12, most=24, grow=1), Column(20, most=4096, grow=4))
_CHANGE = (
    Column(10, most=11),
    Column(20, most=4096, grow=1, cut="middle"),
    Column(6, right=True, drop=2),
    Column(13, right=True),
    Column(9, most=9, drop=1),
)
_MARKS = {
    "new": ("+", "good"),
    "copied up": ("~", "warn"),
    "attributes": ("·", "warn"),
    "replaced": ("~", "warn"),
    "deleted": ("−", "bad"),
    "made opaque": ("−", "bad"),
    "gone": ("−", "muted"),
}
_TEACHES = (
    "",
    "Nothing written yet. When a program writes to a file of",
    "a layer, all of it is copied up first: that is the cost.",
    "What it deletes of a layer leaves a whiteout.",
)
_NOTHING = cell("")

_Item = tuple["float | None", "OverlayChange"]
"""A change, and when it was seen."""


def overlay(known: Written | None, detail: ImageDetail | None, running: bool) -> Page | None:
    """The three trees, then what happens as it happens, then all that was done; None while not known."""
    if known is None:
        return None
    view = known.view
    layers = {str(layer.diff_id): layer for layer in detail.layers} if detail is not None else {}
    rows = [_merged(known, layers, running), _upper(known), _lower(known, detail, layers)]
    items: list[Row | _Item] = [*rows]
    if known.feed:
        items += [_title("feed-title", "as it happened"), *known.feed]
    if view.changes:
        total = sum(number for _, number in known.counts)
        cut = total > len(view.changes)
        title = f"the {len(view.changes)} dearest of {total}" if cut else "all of it, the dearest first"
        items += [_title("all-title", title), *((None, change) for change in view.changes)]
    elif not known.feed:
        items += [Row(f"teach-{number}", _line(text, "muted")) for number, text in enumerate(_TEACHES)]
    state = ((f"{size(view.disk)} ", "text"), ("written", "muted"))
    return Page(_COLUMNS, _Rows(items, layers), (), state)


class _Rows(LazyRows):
    """What a busy container does comes in hundreds, of which a screenful is seen."""

    def __init__(self, items: Sequence[Row | _Item], layers: Mapping[str, LayerRow]) -> None:
        self._items = items
        self._layers = layers

    def __len__(self) -> int:
        return len(self._items)

    def row(self, index: int) -> Row:
        """A row that stands already, or that of a change."""
        item = self._items[index]
        return item if isinstance(item, Row) else _change(*item, self._layers)


def _line(text: str, ink: str) -> tuple[Cell, ...]:
    return (_NOTHING, _NOTHING, cell(text, ink))


def _title(key: str, text: str) -> Row:
    return Row(key, _line(text, "muted"))


def _tree(key: str, mark: Spans, picture: Cell, words: Spans) -> Row:
    search = " ".join(text for text, _ in words).lower()
    return Row(key, (mark, cell(key, "accent"), across(_BESIDE, (picture, words))), search)


def _merged(known: Written, layers: Mapping[str, LayerRow], running: bool) -> Row:
    where = known.view.merged
    words: Spans = (("what its programs see", "text"),)
    words += ((f" · {where}", "muted"),) if where else ((" · mounted while it runs", "muted"),)
    below = _segments(known, layers)

    def picture(width: int) -> Spans:
        return (*stacked(below, width - 1), ("▯", "accent"))

    return _tree("merged", cell("●" if running else "○", "good" if running else "muted"), picture, words)


def _upper(known: Written) -> Row:
    view = known.view
    parts = [f"{number} {kind}" for kind, number in known.counts]
    words: Spans = ((size(view.disk), "text"), (f" · {', '.join(parts) or 'empty'}", "text"))
    words += ((f" · a commit would add {size(view.commit)}", "muted"),) if view.changes else ()

    def picture(width: int) -> Spans:
        return ((" " * (width - 1), "text"), ("▯", "accent"))

    return _tree("upper", cell("↑", "muted"), picture, words)


def _lower(known: Written, detail: ImageDetail | None, layers: Mapping[str, LayerRow]) -> Row:
    below = _segments(known, layers)
    number = sum(layer != "seam" for layer in known.view.layers)
    weight = f" · {size(detail.summary.unpacked)}" if detail is not None else ""
    words: Spans = ((count(number, "layer"), "text"), (weight, "text"), (" · read only, shared", "muted"))

    def picture(width: int) -> Spans:
        return (*stacked(below, width - 1), (" ", "text"))

    return _tree("lower", cell("↑", "muted"), picture, words)


def _segments(known: Written, layers: Mapping[str, LayerRow]) -> list[Segment]:
    """The lower layers from the base up, in their colours."""
    found = (layers.get(layer) for layer in reversed(known.view.layers))
    return [Segment(layer.slot, max(1, layer.unpacked)) for layer in found if layer is not None]


def _change(time: float | None, change: OverlayChange, layers: Mapping[str, LayerRow]) -> Row:
    """One path; :param time: when it was seen, None in the list of all."""
    effect = change.effect.value
    mark, ink = _MARKS.get(effect, ("~", "warn"))
    path = safe(change.path)
    cost: Span = (f"costs {size(change.cost)}", "text") if change.cost else ("costs nothing", "muted")
    cells = (
        cell(effect, ink),
        cell(path),
        cell(size(change.size) if change.size else "", "muted"),
        (cost,),
        _origin(change.layer, layers),
    )
    row = (cell(mark, ink), cell("" if time is None else _clock(time), "muted"), across(_CHANGE, cells))
    return Row(f"{time}-{effect}-{change.path}", row, f"{effect} {path}".lower(), path)


def _origin(layer: str, layers: Mapping[str, LayerRow]) -> Spans:
    """The layer whose file it was."""
    if not layer:
        return cell("")
    if (known := layers.get(layer)) is None:
        return cell("the seam" if layer == "seam" else "a layer", "muted")
    return (("▌", f"slot{known.slot}"), (f"layer {known.position}", "muted"))


def _clock(time: float) -> str:
    return f"{datetime.fromtimestamp(time).astimezone():%H:%M:%S}"
