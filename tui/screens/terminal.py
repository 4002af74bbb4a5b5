"""Terminals into containers, full screen: one is shown, the others wait behind their tabs.

All keys are the program's but one, `^]`, and the one that follows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from tui.terminal.open import Terminals
from tui.terminal.view import TerminalView
from tui.text import clip, safe
from tui.widgets.columns import Span
from tui.widgets.lines import Line

if TYPE_CHECKING:
    from tui.app import Lamina
    from tui.terminal.shell import Shell

_TITLE = 40  # cells of one tab at most
_KEYS: tuple[tuple[str, str], ...] = (
    ("d", "leave it running"), ("x", "close"), ("n", "next"), ("p", "before"), ("u", "look back"),
    ("e", "to the end"), ("y", "copy"), ("^]", "type ^]"),
)  # fmt: skip


class TerminalScreen(Screen[None]):
    """The open terminals.

    :param terminals: at least one.
    """

    BINDINGS: ClassVar[list[BindingType]] = []
    AUTO_FOCUS = "#terminal"
    app: Lamina

    def __init__(self, terminals: Terminals) -> None:
        super().__init__(classes="-terminal")
        self.terminals = terminals
        self.view = TerminalView()
        self.tabs_line = Line(id="header")
        self.keys_line = Line(id="keys")

    def compose(self) -> ComposeResult:
        """Tabs above, keys below."""
        yield self.tabs_line
        yield self.view
        yield self.keys_line

    def on_mount(self) -> None:
        """Show the one in front."""
        self.terminals.listen(self._changed)
        self.call_after_refresh(self._show)

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        self.terminals.listen(None)

    def _show(self) -> None:
        shell = self.terminals.shells[self.terminals.front]
        if not shell.begun:
            width, height = self.view.content_size
            shell.open(max(2, height), max(2, width))
        self.view.show_shell(shell)
        self._say()

    def _changed(self, shell: Shell) -> None:
        if shell is self.view.shell:
            self.view.changed()
        if shell.ended:
            self._say()

    @on(TerminalView.Said)
    def _said(self) -> None:
        self._say()

    def _say(self) -> None:
        shell = self.view.shell
        tabs: list[Span] = [(" ", "text")]
        for number, each in enumerate(self.terminals.shells):
            ink = "accent bold" if number == self.terminals.front else "muted"
            mark = "○ " if each.ended else "● "
            tabs += [(mark, ink), (clip(safe(each.title, 200), _TITLE), ink), ("  ", "text")]
        self.tabs_line.say((tabs, ()))
        if shell is None:
            return
        if shell.ended:
            words: list[Span] = [(f" {safe(shell.ended, 300)}", "warn"), (" · any key goes back", "muted")]
            self.keys_line.say((words, ()))
        elif self.view.leading:
            keys = [
                span for key, label in _KEYS for span in ((f" {key} ", "accent bold"), (f"{label} ", "muted"))
            ]
            self.keys_line.say((keys, ()))
        else:
            back = f"{self.view.back} lines back · any key goes to the end" if self.view.back else ""
            lead: list[Span] = [(" ^] ", "accent bold"), ("then d to leave it running, or another", "muted")]
            self.keys_line.say((lead, [(back, "warn")] if back else ()))

    @on(TerminalView.Led)
    async def _led(self, event: TerminalView.Led) -> None:
        match event.key:
            case "d" | "q" | "ctrl+d":
                await self._leave()
            case "x":
                await self._close()
            case "n" | "tab" | "right":
                self._turn(1)
            case "p" | "shift+tab" | "left":
                self._turn(-1)
            case "u" | "pageup" | "up":
                self.view.look_back(max(1, self.view.content_size.height - 1))
            case "pagedown" | "down":
                self.view.look_back(1 - self.view.content_size.height)
            case "e" | "end":
                self.view.look_back(-self.view.back)
            case "y":
                self.app.copy_to_clipboard(self.view.visible_text())
                self.notify("what is on screen is on your clipboard", markup=False, timeout=2)

    def _turn(self, by: int) -> None:
        self.terminals.front = (self.terminals.front + by) % len(self.terminals.shells)
        self._show()

    async def _leave(self) -> None:
        shell = self.view.shell
        if shell is not None and shell.ended:
            self.terminals.drop(shell)
        self.dismiss()

    async def _close(self) -> None:
        shell = self.view.shell
        if shell is None:
            return
        await shell.close()
        self.terminals.drop(shell)
        if self.terminals.shells:
            self._show()
        else:
            self.dismiss()
