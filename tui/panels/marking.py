"""Lists whose rows can be marked, for verbs on several, and sorted in a few ways."""

from __future__ import annotations

from typing import ClassVar

from tui.panels.base import Panel
from tui.state import State
from tui.widgets.columns import Span, Spans, cell


class MarkedPanel(Panel):
    """Images or containers."""

    ORDERS: ClassVar[tuple[str, ...]]
    """Ways to sort, the first of them the engine's own."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.order = self.ORDERS[0]
        self.marked: set[str] = set()  # ids

    # marks

    def meant(self) -> list[str]:
        """The ids that the row under the cursor stands for."""
        return [self.key] if self.key is not None else []

    def mark(self) -> None:
        """Mark what is under the cursor, or take its mark away, and go on to the next."""
        meant = set(self.meant())
        if meant:
            self.marked = self.marked - meant if meant <= self.marked else self.marked | meant
            self.update()
            self.action_move(1)

    def mark_all(self) -> None:
        """Mark all that the list shows; where all are, take all marks away."""
        shown = {row.key for row in self.rows if self.is_item(row.key)}
        self.marked = set() if shown <= self.marked else self.marked | shown
        self.update()

    def unmark(self) -> None:
        """Take all marks away."""
        self.marked.clear()
        self.update()

    def is_item(self, key: str) -> bool:
        """Whether a row is one that can be marked."""
        return bool(key)

    def mark_of(self, key: str) -> Spans:
        """What stands before a row."""
        return cell("▪" if key in self.marked else "", "accent")

    # order

    def take_order(self, name: str) -> None:
        """Sort by the order of that name, if there is one."""
        self.order = name if name in self.ORDERS else self.order

    def sort_next(self) -> str:
        """Take the next order."""
        self.order = self.ORDERS[(self.ORDERS.index(self.order) + 1) % len(self.ORDERS)]
        self.update()
        return self.order

    def about_list(self, marked: int) -> tuple[Span, ...]:
        """Marks and order, for the right of the border."""
        marks = ((f"{marked} marked ", "accent"),) if marked else ()
        order = () if self.order == self.ORDERS[0] else ((f"by {self.order} ", "muted"),)
        return (*marks, *order)
