"""What all verbs stand on: the app, a word to the person, a question before something is destroyed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.screens.board import Board
from tui.text import safe
from tui.widgets.frame import PLAIN

if TYPE_CHECKING:
    from tui.app import Lamina
    from tui.screens.line import Judge
    from tui.screens.workbench import Workbench


class CommandBase:
    """Verbs are methods of classes that stand on this one."""

    def __init__(self, app: Lamina) -> None:
        self.app = app
        self.after: dict[int, Callable[[], None]] = {}
        """By task: what to do on screen when it has ended well."""

    @property
    def bench(self) -> Workbench:
        """The screen under all others."""
        return self.app.workbench

    @property
    def board(self) -> Board:
        """The screen that fills the window, below all dialogs."""
        boards = [screen for screen in self.app.screen_stack if isinstance(screen, Board)]
        return boards[-1] if boards else self.bench

    def leave_to_bench(self) -> None:
        """Close all that lies over the workbench."""
        while len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def say(self, message: str, hint: str = "", bad: bool = False) -> None:
        """A word that goes away by itself."""
        words = safe(message, 300) + (f"\n{safe(hint, 300)}" if hint else "")
        self.app.notify(
            words.translate(PLAIN) if self.app.plain else words,
            severity="error" if bad else "information",
            markup=False,
            timeout=8 if bad else 4,
        )

    def copy(self, text: str) -> None:
        """Put a name or path on the terminal's clipboard."""
        self.app.copy_to_clipboard(safe(text))
        self.say(f"Copied {text}")

    def ask(self, question: str, lines: tuple[str, ...], yes: str, then: Callable[[], None]) -> None:
        """Do something only after a yes."""
        from tui.screens.confirm import Confirm

        self.app.push_screen(Confirm(question, lines, yes), lambda sure: then() if sure else None)

    def ask_line(
        self,
        title: str,
        value: str,
        yes: str,
        judge: Judge,
        then: Callable[[str], None],
        placeholder: str = "",
    ) -> None:
        """Do something with a line that the person types."""
        from tui.screens.line import LineDialog

        dialog = LineDialog(title, value, yes, judge, placeholder)
        self.app.push_screen(dialog, lambda text: then(text) if text is not None else None)
