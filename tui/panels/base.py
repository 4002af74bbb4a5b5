"""What panels have in common: they listen to the state, have a number and a filter, and draw rows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from tui.state import State, Topics
from tui.text import safe
from tui.widgets.columns import Cell, Column, Row, Span, Spans
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from textual import events

    from tui.actions import Place


class Panel(RowList):
    """A list that shows one part of the state."""

    TOPICS: ClassVar[Topics] = frozenset()
    NUMBER: ClassVar[int] = 0
    PLACE: ClassVar[Place]

    def __init__(self, state: State, *, follows_end: bool = False, quiet_cursor: bool = False) -> None:
        # A place is also the panel's name in style sheets.
        super().__init__(id=self.PLACE, follows_end=follows_end, quiet_cursor=quiet_cursor)
        self.state = state
        self.filter = ""

    def on_mount(self) -> None:
        """Listen, and draw what is known."""
        self.state.listen(self._heard)
        self.update()

    def on_resize(self, _: events.Resize) -> None:
        """Whether all rows are seen may have changed."""
        self.update_head()

    def on_unmount(self) -> None:
        """Listen no longer."""
        self.state.forget(self._heard)

    def _heard(self, topics: Topics) -> None:
        if topics & self.TOPICS:
            self.update()

    @abstractmethod
    def update(self) -> None:
        """Draw what the state says now."""

    def set_filter(self, words: str) -> None:
        """Show only rows that hold all of these words."""
        self.filter = words
        self.update()

    def show_filtered(
        self,
        columns: Sequence[Column],
        rows: Sequence[Row],
        empty: Sequence[str | Spans] = (),
        heading: Sequence[Cell] = (),
    ) -> None:
        """Show the rows that pass the filter."""
        words = self.filter.lower().split()
        if words:
            kept = [row for row in rows if all(word in row.search for word in words)]
            none = (f"nothing here with “{safe(self.filter, 40)}”  ·  Esc shows all",)
            self.show(columns, kept, none, heading)
        else:
            self.show(columns, rows, empty, heading)

    def head(self, name: str, about: str = "", state: Sequence[Span] = ()) -> None:
        """The border: number and name, what it is about, the filter if there is one, and a state."""
        title: list[Span] = [(f"{self.NUMBER} ", "muted"), (name, "text")]
        if about:
            title += [(" · ", "muted"), (about, "text")]
        if self.filter:
            title += [(f" /{safe(self.filter, 40)}", "accent")]
        self.entitle(title, state)

    def shown_place(self) -> tuple[Span, ...]:
        """Where the cursor stands, for the right of the border."""
        return ((self.place, "muted"),) if self.place else ()

    def moved(self) -> None:
        """The place in the border follows the cursor."""
        super().moved()
        self.update_head()

    def update_head(self) -> None:
        """Draw the border alone."""
        self.update()
