"""Layers: the stack of the selected image, the newest on top, a container's writable layer above all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from engine.images.models import LayerRow, Role
from tui.actions import Place, name_of_image
from tui.panels.base import Panel
from tui.state import Topics
from tui.text import clip_middle, instruction, safe, size, width_of
from tui.widgets.bar import plain
from tui.widgets.columns import Cell, Column, Row, Spans, cell

WRITABLE = "writable"
_NO_COLUMNS = (Column(1, most=4096, grow=1),)


def layer_columns(layers: Sequence[LayerRow]) -> tuple[Column, ...]:
    """The columns of a stack, with as much room for the role as the longest takes."""
    roles = max([4, *map(_role_width, layers)])
    return (
        Column(1),
        Column(2, right=True, gap=0),
        Column(22, most=72, grow=5),
        Column(6, right=True),
        Column(8, right=True, drop=4, gap=1),
        Column(4, most=28, grow=2, drop=3),
        Column(min(roles, 14), most=min(roles, 32), grow=3, drop=2),
        Column(11, right=True, drop=1),
    )


class Layers(Panel):
    """The layers of the selected image or container."""

    TOPICS: ClassVar[Topics] = frozenset({"detail", "selection", "containers", "files"})
    NUMBER: ClassVar[int] = 3
    PLACE: ClassVar[Place] = "layers"

    def update(self) -> None:
        """Draw the stack; what stood there stays until the new one is known."""
        detail, container = self.state.detail, self.state.container_of(self.state.subject)
        if detail is None:
            if self.state.subject is None:
                self.show(_NO_COLUMNS, (), ("", "Nothing selected."))
                self.head("Layers")
            return
        rows = layer_rows(detail.layers)
        if container is not None:
            rows.insert(0, _writable(container.name))
        self.show_filtered(layer_columns(detail.layers), rows, ("", "No layers: this image is empty."))
        self._stand_on_selected()
        self.update_head()

    def _stand_on_selected(self) -> None:
        if self.key not in (self.state.layer, WRITABLE) and self.state.layer is not None:
            self.go_to_key(self.state.layer)

    def update_head(self) -> None:
        """Say whose layers these are, and what they weigh."""
        detail, container = self.state.detail, self.state.container_of(self.state.subject)
        if detail is None:
            return
        summary = detail.summary
        name = container.name if container is not None else name_of_image(summary)
        weight = ((f"{size(summary.unpacked)} ", "text"), ("unpacked", "muted"))
        only = ((" · ", "muted"), (f"{size(summary.unique)} ", "text"), ("only here", "muted"))
        packed = sum(layer.compressed for layer in detail.layers)
        travels = ((" · ", "muted"), (f"{size(packed)} ", "text"), ("to travel", "muted")) if packed else ()
        self.head("Layers", safe(name, 60), (*weight, *only, *travels))

    def select_current(self) -> None:
        """The layer under the cursor is the one whose files are shown."""
        if self.key is not None and self.key != WRITABLE:
            self.state.select_layer(self.key)


def layer_rows(layers: Sequence[LayerRow]) -> list[Row]:
    """A stack as rows, the newest layer on top."""
    largest = max((layer.unpacked for layer in layers), default=1)
    return [_row(layer, largest) for layer in reversed(layers)]


def _row(layer: LayerRow, largest: int) -> Row:
    what = instruction(layer.created_by) or "(no history)"
    search = f"{what} {layer.diff_id} {layer.role} {' '.join(layer.used_by)} {layer.base_of}".lower()

    def bar(width: int) -> Spans:
        return plain(layer.slot, layer.unpacked, largest, width)

    cells: tuple[Cell, ...] = (
        cell("▌", f"slot{layer.slot}"),
        cell(str(layer.position), "muted"),
        cell(what),
        cell(size(layer.unpacked)),
        cell(f"c {size(layer.compressed)}" if layer.compressed else "", "muted"),
        bar,
        _role(layer),
        cell(sharing(layer), "muted" if layer.used_by else "accent"),
    )
    return Row(layer.diff_id, cells, search)


def _role_width(layer: LayerRow) -> int:
    if layer.base_of:
        return 5 + width_of(safe(layer.base_of))
    return 0 if layer.role is Role.INTERMEDIATE else len(layer.role.value)


def _role(layer: LayerRow) -> Cell:
    if layer.base_of:
        name = safe(layer.base_of)
        return lambda width: (("base ", "muted"), (clip_middle(name, width - 5), "text"))
    return cell("" if layer.role is Role.INTERMEDIATE else layer.role.value, "muted")


def sharing(layer: LayerRow) -> str:
    """Who else stands on a layer: `only here`, `shared by 3` (this image and two more)."""
    return f"shared by {len(layer.used_by) + 1}" if layer.used_by else "only here"


def _writable(name: str) -> Row:
    empty = cell("")
    text = (("writable layer of ", "muted"), (safe(name), "text"))
    return Row(WRITABLE, (cell("▯", "muted"), empty, text, empty, empty, empty, empty, empty), "writable")
