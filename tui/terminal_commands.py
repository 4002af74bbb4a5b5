"""Verbs that open terminals into containers, and lead back to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.actions import Context, action
from tui.command_base import CommandBase

if TYPE_CHECKING:
    from tui.terminal.shell import Opened, Session

# The shell that people like where the image has it, else the one that nearly every image has.
_SHELL = ("sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash || exec sh")


class TerminalCommands(CommandBase):
    """What is done with terminals."""

    def terminal_verbs(self) -> dict[str, Callable[[Context], None]]:
        """Verbs by their id."""
        return {
            "shell": self._shell,
            "attach": self._attach,
            "terminals": lambda _: self._go_to_terminals(),
        }

    def _shell(self, ctx: Context) -> None:
        if ctx.container is not None:
            container, source = ctx.container, self.app.bridge.source

            async def opened(rows: int, columns: int) -> Session:
                return await source.exec_session(container.id, _SHELL, size=(rows, columns))

            self._open_terminal(f"sh in {container.name}", opened, own=True)

    def _attach(self, ctx: Context) -> None:
        if ctx.container is not None:
            container, source = ctx.container, self.app.bridge.source

            async def opened(_rows: int, _columns: int) -> Session:
                return await source.attach_session(container.id)

            self._open_terminal(container.name, opened, own=False)

    def _open_terminal(self, title: str, opened: Opened, *, own: bool) -> None:
        from tui.terminal.shell import Shell

        self.app.terminals.open(lambda changed: Shell(title, opened, changed, own=own))
        self._go_to_terminals()

    def _go_to_terminals(self) -> None:
        from tui.screens.terminal import TerminalScreen

        if self.app.terminals.shells:
            self.app.push_screen(TerminalScreen(self.app.terminals))
        else:
            key = action("shell").key(self.app.state)
            self.say("No terminal is open", hint=f"{key} opens a shell in the container under the cursor")
