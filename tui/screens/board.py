"""What full screens have in common: a header, a line of keys, a filter, and verbs from the registry."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from tui.actions import ACTIONS, Context, ScreenName, action, footer_actions
from tui.screens.jump import Target
from tui.text import count
from tui.trail import Spot
from tui.widgets.filter import Filterable, FilterLine
from tui.widgets.lines import KeyLine, Line
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from tui.app import Lamina

_NO_KEY = "f35"  # a verb without a key has a binding too, so that settings can give it one
_ALWAYS = ("help", "quit")
_NARROW, _LOW = 60, 16  # cells under which no screen can be used


def bindings_of(screen: ScreenName) -> list[BindingType]:
    """The keys of a screen's verbs; each binding carries its verb's id, by which keys are changed."""
    return [
        Binding(item.keys or _NO_KEY, f"verb({item.id!r})", item.label, show=False, id=item.id)
        for item in ACTIONS
        if screen in item.screens
    ]


class Board(Screen[None]):
    """A screen that fills the window."""

    NAME: ClassVar[ScreenName]
    # What gains or loses it draws itself; Textual would draw all of the screen.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    if TYPE_CHECKING:
        app: Lamina

    def __init__(self) -> None:
        super().__init__()
        self.header = Line(id="header")
        self.keys = KeyLine(id="keys")
        self.filter_line = FilterLine(id="filter")
        self._had_focus: Widget | None = None

    @property
    @abstractmethod
    def context(self) -> Context:
        """What is under the cursor, for the verbs."""

    @property
    @abstractmethod
    def filtered(self) -> Filterable | None:
        """The list that a filter would narrow where the person stands."""

    @abstractmethod
    def perform(self, action_id: str) -> None:
        """Do a verb that belongs to this screen."""

    def say_keys(self) -> None:
        """Offer the keys that matter where the person stands."""
        self.offer({})

    def offer(self, labels: Mapping[str, str]) -> None:
        """Offer them, beginning with Enter where it has a name of its own.

        :param labels: by verb, what it is called here and now.
        """
        ctx = self.context
        opens = [action("open")] if labels.get("open") else []
        always = [(item.id, item.key(ctx.state), item.label) for item in map(action, _ALWAYS)]
        back = action("terminals")
        if ctx.state.terminals and back.available(ctx):
            always.insert(0, (back.id, back.key(ctx.state), count(ctx.state.terminals, "terminal")))
        shown = [*opens, *footer_actions(ctx)]
        self.keys.offer(
            [(item.id, item.key(ctx.state), labels.get(item.id, item.label)) for item in shown], always
        )

    def targets(self) -> list[Target]:
        """What a letter of jump mode leads to: every list that is seen."""
        return [
            Target(widget.region.x + 1, widget.region.y, widget.focus)
            for widget in self.query(RowList)
            if widget.can_focus and widget.region and widget.is_on_screen
        ]

    @property
    def spot(self) -> Spot | None:
        """Where one stands, to come back to; None where one does not come back."""
        return None

    def remember(self) -> None:
        """Note where one stands."""
        spot = self.spot if self.is_current else None
        if spot is not None:
            self.app.commands.trail.visit(spot)

    def on_screen_resume(self) -> None:
        """One came here."""
        self.remember()

    def measure(self, width: int, height: int) -> None:
        """Say so where the window is too small for any screen."""
        small = width < _NARROW or height < _LOW
        if small and not self.has_class("-small"):
            self._had_focus = self.focused
        self.set_class(small, "-small")
        if not small and self.focused is None and self._had_focus is not None:
            self.call_after_refresh(self._had_focus.focus)  # what is hidden cannot have it

    def open_filter(self) -> None:
        """Type words that rows must hold."""
        panel = self.filtered
        if panel is not None:
            self.open_line(panel)

    def open_line(self, target: Filterable, words: str = "") -> None:
        """Type words for something.

        :param words: what stands there while nothing is typed, where it is no filter.
        """
        self.set_class(True, "-filtering")
        self.filter_line.open(target, words)

    @on(FilterLine.Closed)
    def _filter_closed(self, event: FilterLine.Closed) -> None:
        self.set_class(False, "-filtering")
        event.panel.focus()

    @on(KeyLine.Pressed)
    def _key_clicked(self, event: KeyLine.Pressed) -> None:
        self.action_verb(event.action_id)

    def action_verb(self, action_id: str) -> None:
        """Do a verb of the registry."""
        self.app.commands.do(action_id)
