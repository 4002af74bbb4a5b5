"""The first and the last line of the screen, and the word for a window that is too small."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.message import Message

from tui.text import width_of
from tui.widgets.columns import Span, clip_spans
from tui.widgets.frame import Lines

if TYPE_CHECKING:
    from textual import events


Ends = tuple[Sequence[Span], Sequence[Span]]
"""What stands at the left and at the right end of a line."""


class Line(Lines):
    """One line in several versions, of which the longest that fits is drawn."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._versions: tuple[Ends, ...] = ()

    def say(self, *versions: Ends) -> None:
        """What the line says, the longest version first."""
        self._versions = versions
        self.repaint()

    def spans(self, y: int, width: int) -> tuple[Sequence[Span], str]:
        """Left, space, right; where not even the shortest version fits, its left end is cut."""
        for left, right in self._versions:
            gap = width - sum(width_of(text) for text, _ in (*left, *right))
            if gap >= 2 or (not right and gap >= 0):
                return (*left, (" " * gap, "text"), *right), "background"
        shortest = tuple(self._versions[-1][0]) if self._versions else ()
        return clip_spans(shortest, width), "background"


class KeyLine(Line):
    """Keys and what they do; a click on one does it."""

    class Pressed(Message):
        """A key on the line was clicked."""

        def __init__(self, action_id: str) -> None:
            super().__init__()
            self.action_id = action_id

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._places: list[tuple[int, int, str]] = []

    def offer(self, keys: Sequence[tuple[str, str, str]], always: Sequence[tuple[str, str, str]]) -> None:
        """Show keys as (action id, key, label), as many as there is room for; `always` ends the line."""
        width = self.content_size.width or 80
        self._places = []
        room = width - sum(_width(item) for item in always) - 2  # what `Line` wants between its ends
        left: list[Span] = [(" ", "text")]
        at = 1
        for item in keys:
            if at + _width(item) > room:
                break
            at = self._add(left, item, at)
        right: list[Span] = []
        at = width - sum(_width(item) for item in always)
        for item in always:
            at = self._add(right, item, at)
        self.say((left, right))

    def _add(self, spans: list[Span], item: tuple[str, str, str], at: int) -> int:
        action_id, key, label = item
        spans += [(key, "accent bold"), (f" {label}  ", "muted")]
        self._places.append((at, at + _width(item) - 2, action_id))
        return at + _width(item)

    def on_click(self, event: events.Click) -> None:
        """Do what was clicked."""
        for start, end, action_id in self._places:
            if start <= event.x < end:
                self.post_message(self.Pressed(action_id))


def _width(item: tuple[str, str, str]) -> int:
    return width_of(item[1]) + width_of(item[2]) + 3


class TooSmall(Lines):
    """What stands there while the window is too small for the workbench."""

    def spans(self, y: int, width: int) -> tuple[Sequence[Span], str]:
        """A word in the middle."""
        words = ("The window is too small.", "Lamina needs 60 × 16.")
        line = y - (self.content_size.height - len(words)) // 2
        if not 0 <= line < len(words):
            return (), "background"
        text = words[line][:width]
        return (
            (" " * ((width - len(text)) // 2), "text"),
            (text, "warn" if line == 0 else "muted"),
        ), "background"
