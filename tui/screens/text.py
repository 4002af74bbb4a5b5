"""A text in full, of which a row had no room for more than a part."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.cells import chop_cells
from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.screens.dialog import Dialog, Words, keys
from tui.widgets.columns import Spans, cell

_WIDTH = 80  # cells that a line is folded at
_NARROW = 52  # in a window of sixty
_MOST_LINES = 12


class TextDialog(Dialog[None]):
    """A few folded lines.

    :param text: safe to draw.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,q", "leave", "close", show=False),
        Binding("y", "copy", "copy", show=False),
    ]

    def __init__(self, title: str, text: str) -> None:
        self._title_text = title
        self._text = text
        self._words = Words()
        super().__init__()
        self.foot.say([keys(("y", "copy"), ("Esc", "close"))])

    def content(self) -> Iterable[Widget]:
        """The lines."""
        return (self._words,)

    def on_mount(self) -> None:
        """Fold it at the width that there is."""
        width = _WIDTH if self.app.size.width >= _WIDTH + 12 else _NARROW
        parts = chop_cells(self._text, width)
        lines: list[Spans] = [cell(part) for part in parts[:_MOST_LINES]]
        if len(parts) > _MOST_LINES:
            lines.append(cell("… the rest is copied too", "muted"))
        self._words.say([(), *lines, ()])
        self.entitle(self._title_text)

    def action_copy(self) -> None:
        """Put all of it on the clipboard."""
        self.app.copy_to_clipboard(self._text)
        self.app.notify("Copied", markup=False)
        self.dismiss(None)
