"""Blame of a path and waste of an image, as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.analysis.changes import Change
from engine.images.models import LayerRow
from tui.panels.tabs import Page
from tui.panels.tree import MARKS
from tui.text import count, instruction, safe, size
from tui.widgets.columns import Column, Row, cell
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from engine.analysis.blame import Blame
    from engine.analysis.waste import Waste, WastedPath

_BLAME = (
    Column(1),
    Column(2, right=True, gap=0),
    Column(1),
    Column(10, most=14, gap=1),
    Column(7, right=True),
    Column(14, most=20, drop=1),
    Column(16, most=4096, grow=1, drop=2),
)
_WASTE = (
    Column(7, right=True),
    Column(18, most=4096, grow=1, cut="middle"),
    Column(18, most=18),
    Column(12, most=30, drop=1, grow=1),
)


def blame_page(blame: Blame | None, layers: Sequence[LayerRow]) -> Page:
    """Every layer that touched a path, the newest first; None where no layer did."""
    if blame is None:
        return Page(_BLAME, ())
    by_position = {layer.position: layer for layer in layers}
    rows = []
    for touch in reversed(blame.touches):
        layer = by_position.get(touch.position)
        mark, ink = MARKS[touch.change]
        fate = "seen" if touch.wins else "removes it" if touch.change is Change.REMOVED else "hidden"
        hidden = f"{size(touch.hidden)} hidden" if touch.hidden else fate
        cells = (
            cell("▌", f"slot{layer.slot if layer else 0}"),
            cell(str(touch.position), "muted"),
            cell(mark, ink),
            cell(touch.change.value, ink if touch.change is not Change.UNCHANGED else "muted"),
            cell(size(touch.size) if touch.entry is not None else ""),
            cell(hidden, "good" if touch.wins and not touch.hidden else "warn" if touch.hidden else "muted"),
            cell(instruction(layer.created_by) if layer else "", "muted"),
        )
        rows.append(Row(str(touch.position), cells))
    lost = ((f"{size(blame.hidden)} hidden", "warn"),) if blame.hidden else ()
    return Page(_BLAME, rows, (), lost)


class WasteList(RowList):
    """What is carried though no container sees it, the worst first."""

    def __init__(self) -> None:
        super().__init__(id="waste")
        self._paths: tuple[WastedPath, ...] = ()

    def show_waste(self, waste: Waste, slots: Mapping[int, int]) -> None:
        """Draw it.

        :param slots: colours by the position of a layer.
        """
        page = waste_page(waste, slots)
        self._paths = waste.paths
        self.show(page.columns, page.rows, page.empty)
        self.entitle((("Waste", "text"), (f" · {count(len(waste.paths), 'path')}", "muted")), page.state)

    @property
    def _chosen(self) -> WastedPath | None:
        return self._paths[int(self.key)] if self.key is not None else None

    @property
    def path(self) -> str | None:
        """The path under the cursor."""
        return self._chosen.path if self._chosen is not None else None

    @property
    def fault(self) -> int | None:
        """Position of the layer that hid it last."""
        return self._chosen.hidden_by[-1] if self._chosen is not None else None


_CAUSES = {"removed": "removed", "replaced": "replaced", "attributes": "attributes only"}


def waste_page(waste: Waste, slots: Mapping[int, int]) -> Page:
    """What is carried though no container sees it, the worst first."""
    rows = []
    for index, path in enumerate(waste.paths):
        fault = path.hidden_by[-1] if path.hidden_by else 0
        more = f", {count(path.files, 'copy', 'copies')}" if path.files > 1 else ""
        kept = ", ".join(map(str, path.kept_by[:4])) + ("…" if len(path.kept_by) > 4 else "")
        cells = (
            cell(size(path.size), "warn"),
            cell("/" + safe(path.path)),
            (
                ("▌", f"slot{slots.get(fault, 0)}"),
                (f"{fault} ", "muted"),
                (_CAUSES.get(path.cause.value, path.cause.value), "text"),
            ),
            cell(f"kept by {kept}{more}", "muted"),
        )
        rows.append(Row(str(index), cells, path.path.lower()))
    state = (
        (f"{size(waste.wasted)} ", "warn" if waste.wasted else "good"),
        (f"of {size(waste.total)} unseen", "muted"),
    )
    return Page(_WASTE, rows, ("", "Nothing is wasted: every byte is seen."), state)
