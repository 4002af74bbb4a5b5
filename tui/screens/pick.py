"""One of a few things, picked from a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.screens.dialog import Dialog, keys
from tui.text import safe
from tui.widgets.columns import Column, Row, cell
from tui.widgets.rows import RowList

_COLUMNS = (Column(12, most=40, grow=1), Column(12, most=80, grow=3, drop=1), Column(6, right=True, drop=2))
_MOST = 14  # rows seen at once

Choice = tuple[str, str, str, str]
"""What it stands for, its name, a word about it, and its key or another short word."""


class Pick(Dialog[str]):
    """A list; gives what was picked, or None.

    :param title: what is asked, already safe; :param now: where the cursor begins.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "take", "take", show=False)]

    def __init__(self, title: str, choices: Sequence[Choice], now: str = "") -> None:
        self._title, self._now = title, now
        self._list = RowList(id="choices")
        self._choices = choices
        super().__init__()
        self.foot.say([(), keys(("Enter", "take"), ("↓ ↑", "choose"), ("Esc", "leave"))])

    def content(self) -> Iterable[Widget]:
        """The list."""
        return (self._list,)

    def on_mount(self) -> None:
        """Fill it."""
        self.entitle(self._title)
        self._list.styles.height = max(1, min(len(self._choices), _MOST))
        rows = [
            Row(key, (cell(safe(name, 200)), cell(safe(about, 300), "muted"), cell(safe(side, 20), "accent")))
            for key, name, about, side in self._choices
        ]
        self._list.show(_COLUMNS, rows, ("there is nothing to pick",))
        self._list.go_to_key(self._now)
        self._list.focus()

    @on(RowList.Chosen)
    def action_take(self) -> None:
        """Give what the cursor stands on."""
        self.dismiss(self._list.key)
