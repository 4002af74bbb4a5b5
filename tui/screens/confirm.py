"""The question before something is destroyed; the default is no."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.screens.dialog import Dialog, Words, keys


class Confirm(Dialog[bool]):
    """A question that names the thing and the effect.

    :param question: ends with a question mark; :param lines: what will happen; :param yes: the verb.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "sure", "yes", show=False),
        Binding("n,enter,q", "leave", "no", show=False),
    ]

    def __init__(self, question: str, lines: tuple[str, ...], yes: str) -> None:
        self._question = question
        self._words = Words([(), *(((line, "text"),) for line in lines), ()])
        super().__init__()
        self.foot.say([keys(("y", yes), ("Enter", "no, keep it as it is"))])

    def content(self) -> Iterable[Widget]:
        """What will happen."""
        return (self._words,)

    def on_mount(self) -> None:
        """The question stands in the border."""
        self.entitle(self._question, "warn")

    def action_sure(self) -> None:
        """Yes."""
        self.dismiss(True)
