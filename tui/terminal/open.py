"""The terminals that are open, whether or not somebody looks at them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.terminal.shell import Shell


class Terminals:
    """The shells that are open, and the one that was looked at last.

    :param counted: told how many there are, whenever that changes.
    """

    def __init__(self, counted: Callable[[int], None]) -> None:
        self._counted = counted
        self.shells: list[Shell] = []
        self.front = 0
        self._listener: Callable[[Shell], None] | None = None

    def open(self, make: Callable[[Callable[[], None]], Shell]) -> None:
        """One more, in front.

        :param make: gives it; what it is given tells of each change.
        """
        shell = make(lambda: self._tell(shell))
        self.shells.append(shell)
        self.front = len(self.shells) - 1
        self._counted(len(self.shells))

    def listen(self, listener: Callable[[Shell], None] | None) -> None:
        """Who is told of changes; None when nobody looks."""
        self._listener = listener

    def drop(self, shell: Shell) -> None:
        """Forget one."""
        self.shells.remove(shell)
        self.front = max(0, min(self.front, len(self.shells) - 1))
        self._counted(len(self.shells))

    async def close(self) -> None:
        """Leave all."""
        for shell in self.shells:
            await shell.close()
        self.shells.clear()

    def _tell(self, shell: Shell) -> None:
        if self._listener is not None:
            self._listener(shell)
