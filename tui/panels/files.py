"""The files of a layer as a tree that folds; only open folders are read, only visible rows are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.panels.tabs import Page
from tui.widgets.columns import Column

if TYPE_CHECKING:
    from engine.layers.table import FileTable

_COLUMNS = (
    Column(1),
    Column(16, most=4096, grow=1, gap=1),
    Column(7, right=True),
    Column(10, drop=1),
    Column(9, right=True, drop=2, gap=1),
)


class Tree:
    """Which folders are open, for each layer that was looked at."""

    def __init__(self) -> None:
        self._open: dict[str, set[str]] = {}
        self._layer = ""

    def toggle(self, path: str) -> bool:
        """Fold or unfold a directory; False where the row is none."""
        return False

    def page(self, table: FileTable, layer: str, words: str) -> Page:
        """The rows of a layer's tree, or those that fit a filter."""
        return Page(_COLUMNS, ())
