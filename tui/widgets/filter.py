"""The line one types a filter into; the list narrows with each letter."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

_WORDS = "words that rows must hold · Enter keeps, Esc shows all"


class Filterable(Protocol):
    """A list with a filter."""

    filter: str

    def set_filter(self, words: str) -> None: ...
    def focus(self) -> object: ...


class FilterLine(Input):
    """Words that rows must hold: Enter keeps them, Esc shows all rows again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "all", show=False),
        Binding("down,tab", "keep", "keep", show=False),
    ]

    class Closed(Message):
        """The filter is as it shall be."""

        def __init__(self, panel: Filterable) -> None:
            super().__init__()
            self.panel = panel

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(
            id=id,
            compact=True,
            select_on_focus=False,
            placeholder=_WORDS,
        )
        self.cursor_blink = False
        self._panel: Filterable | None = None

    if TYPE_CHECKING:
        _panel: Filterable | None

    def open(self, panel: Filterable, words: str = "") -> None:
        """Narrow this list.

        :param words: what stands there while nothing is typed.
        """
        self._panel = panel
        self.placeholder = words or _WORDS
        with self.prevent(Input.Changed):
            self.value = panel.filter
        self.cursor_position = len(self.value)
        self.focus()

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        event.stop()
        if self._panel is not None:
            self._panel.set_filter(event.value)

    @on(Input.Submitted)
    def _done(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_keep()

    def action_keep(self) -> None:
        """Leave the list as narrow as it is."""
        if self._panel is not None:
            self.post_message(self.Closed(self._panel))

    def action_leave(self) -> None:
        """Show all rows again."""
        if self._panel is not None:
            self._panel.set_filter("")
        self.action_keep()
