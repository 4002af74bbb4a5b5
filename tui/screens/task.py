"""One action of Activity in full: what it was, how it ended, and the command that would do the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.panels.activity import outcome
from tui.screens.dialog import Dialog, Words, keys
from tui.text import safe
from tui.updates import Task
from tui.widgets.columns import Spans, cell

_WIDTH = 80  # cells that a line is folded at
_MOST_LINES = 6


class TaskDialog(Dialog[None]):
    """All that is known of an action."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,q", "leave", "close", show=False),
        Binding("y", "copy", "copy", show=False),
    ]

    def __init__(self, task: Task) -> None:
        self._shown = task
        lines: list[Spans] = [(), *folded(safe(task.note), "bad" if task.state == "failed" else "text")]
        lines += folded(safe(task.hint), "muted") if task.hint else []
        if task.state == "running":
            lines.append(outcome(task))
        elif task.finished is not None:
            lines.append(cell(f"{task.state} after {task.finished - task.started:.1f} s", "muted"))
        if task.command:
            lines += [(), cell("the same by hand", "muted"), *folded(safe(task.command), "accent")]
        self._words = Words([*lines, ()])
        super().__init__()
        copying = [("y", "copy the command")] if task.command else []
        self.foot.say([keys(*copying, ("Esc", "close"))])

    def content(self) -> Iterable[Widget]:
        """The lines."""
        return (self._words,)

    def on_mount(self) -> None:
        """The action stands in the border."""
        self.entitle(safe(self._shown.what, 100))

    def action_copy(self) -> None:
        """Put the command on the clipboard."""
        if self._shown.command:
            self.app.copy_to_clipboard(safe(self._shown.command))
            self.app.notify("Copied the command", markup=False)


def folded(text: str, ink: str) -> list[Spans]:
    """A text in lines of equal width, the first few of them; none for none."""
    parts = [text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)]
    return [cell(part, ink) for part in parts[:_MOST_LINES]]
