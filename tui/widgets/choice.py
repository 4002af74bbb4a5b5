"""One of a few words, chosen with space or the arrows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from tui.widgets.columns import Span
from tui.widgets.frame import Lines


class Choice(Lines, can_focus=True):
    """Words side by side, one of them chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,right,l", "turn(1)", "next", show=False),
        Binding("left,h", "turn(-1)", "before", show=False),
    ]

    class Changed(Message):
        """Another word is chosen."""

    def __init__(self, words: Sequence[str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._words = tuple(words)
        self._index = 0

    @property
    def value(self) -> str:
        """The chosen word."""
        return self._words[self._index]

    def choose(self, word: str) -> None:
        """Choose a word, if it is one of them."""
        if word in self._words:
            self._index = self._words.index(word)
            self.repaint()

    def spans(self, y: int, width: int) -> tuple[Sequence[Span], str]:
        """All words, the chosen one marked."""
        spans: list[Span] = [("›" if self.has_focus else " ", "accent bold")]
        for index, word in enumerate(self._words):
            on = index == self._index
            spans.append((f"{'●' if on else '○'} {word}   ", "accent" if on else "muted"))
        return spans, "panel"

    def action_turn(self, by: int) -> None:
        """Choose the next word."""
        self._index = (self._index + by) % len(self._words)
        self.repaint()
        self.post_message(self.Changed())

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show that the arrows work here."""
        super().watch_has_focus(has_focus)
        self.repaint()

    def on_click(self) -> None:
        """A click chooses the next."""
        self.action_turn(1)
