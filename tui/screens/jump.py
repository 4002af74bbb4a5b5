"""Jump mode: a letter on everything one can go to; typing it goes there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from tui.widgets.columns import Span
from tui.widgets.frame import Lines

LETTERS = "asdfghjklqwertyuiopzxcvbnm"


class Target(NamedTuple):
    """Something to go to, at a cell of the screen."""

    x: int
    y: int
    go: Callable[[], object]


class _Letter(Lines):
    """One letter over what it leads to."""

    def __init__(self, letter: str, target: Target) -> None:
        super().__init__(classes="letter")
        self._letter = letter
        self.styles.offset = (target.x, target.y)

    def spans(self, y: int, width: int) -> tuple[Sequence[Span], str]:
        """The letter."""
        return ((f" {self._letter} ", "panel bold on accent"),), "panel"


class Jump(ModalScreen[Callable[[], object]]):
    """Letters over the screen below; gives what the typed one does."""

    def __init__(self, targets: Sequence[Target]) -> None:
        super().__init__()
        self._targets = dict(zip(LETTERS, targets, strict=False))

    def compose(self) -> ComposeResult:
        """The letters."""
        for letter, target in self._targets.items():
            yield _Letter(letter, target)

    def on_key(self, event: events.Key) -> None:
        """A letter goes there; anything else leaves."""
        event.stop()
        target = self._targets.get(event.key)
        self.dismiss(target.go if target is not None else None)

    def on_click(self, event: events.Click) -> None:
        """A click leaves."""
        event.stop()
        self.dismiss(None)
