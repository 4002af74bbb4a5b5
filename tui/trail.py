"""Where one was: back and forward, as in a browser. Plain values; the screens go there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.state import Subject

if TYPE_CHECKING:
    from tui.screens.board import Board

_MOST = 60


@dataclass(frozen=True, slots=True)
class Spot:
    """One place.

    :param what: a panel of the workbench, or the name of a screen and what it shows.
    :param subject: :param tab: what was selected there, and the inspector's tab where one stood in it.
    :param again: makes the screen anew; None on the workbench.
    """

    what: str
    subject: Subject | None = None
    tab: str = ""
    again: Callable[[], Board] | None = field(default=None, compare=False)

    def is_beside(self, other: Spot) -> bool:
        """Whether it is only another row of the same list: going through rows is no journey."""
        return self.again is None and (self.what, self.tab) == (other.what, other.tab)


class Trail:
    """Places in the order they were visited."""

    def __init__(self) -> None:
        self._spots: list[Spot] = []
        self._at = -1
        self._going = False

    def visit(self, spot: Spot) -> None:
        """One came to a place; what lay ahead is forgotten, unless one is on the way along the trail."""
        now = self._spots[self._at] if self._at >= 0 else None
        if now is not None and (spot == now or spot.is_beside(now)):
            self._spots[self._at] = spot
            return
        if self._going:
            return
        self._spots[self._at + 1 :] = [spot]
        self._spots = self._spots[-_MOST:]
        self._at = len(self._spots) - 1

    def step(self, by: int) -> Spot | None:
        """The place before with -1, the next with 1; None where there is none."""
        at = self._at + by
        if not 0 <= at < len(self._spots):
            return None
        self._at, self._going = at, True
        return self._spots[at]

    def arrive(self) -> None:
        """From here on one goes one's own way."""
        self._going = False
