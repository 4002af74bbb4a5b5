"""A line to type a command into, with the last one an arrow away."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class TypingLine(Input):
    """The line one types a command into."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
        Binding("up", "again", "the last one", show=False),
    ]

    class Left(Message):
        """Nothing shall be run."""

    def __init__(self) -> None:
        super().__init__(
            id="typing", compact=True, select_on_focus=False,
            placeholder="a command of lamina · Enter runs it in the lesson's store, Esc leaves",
        )  # fmt: skip
        self.cursor_blink = False
        self.last = ""

    def open(self) -> None:
        """Begin a command."""
        self.value = "lamina "
        self.cursor_position = len(self.value)
        self.focus()

    def action_again(self) -> None:
        """What was typed last."""
        if self.last:
            self.value = self.last
            self.cursor_position = len(self.value)

    def action_leave(self) -> None:
        """Run nothing."""
        self.post_message(self.Left())
