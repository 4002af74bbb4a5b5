"""Logs over the whole screen: of one container, or of several that were marked."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize

from tui.actions import Context, ScreenName
from tui.panels.logs import LogPanel
from tui.screens.board import Board, bindings_of
from tui.state import State
from tui.text import log_text, safe
from tui.trail import Spot
from tui.widgets.lines import TooSmall
from tui.widgets.rows import RowList


class LogScreen(Board):
    """The logs of some containers; Esc goes back.

    :param ids: of the containers.
    """

    NAME: ClassVar[ScreenName] = "logs"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("logs")
    AUTO_FOCUS = "#log"

    def __init__(self, state: State, ids: tuple[str, ...]) -> None:
        super().__init__()
        self.state = state
        self.ids = ids
        self.log_panel = LogPanel(state, ids)

    def compose(self) -> ComposeResult:
        """The lines."""
        yield self.header
        yield self.log_panel
        yield self.keys
        yield self.filter_line
        yield TooSmall(id="small")

    def on_mount(self) -> None:
        """Begin to read."""
        self.app.look()
        names = safe(" ".join(item.name for item in self.log_panel.containers), 200)
        self.header.say((((" Lamina", "accent bold"), (f"  {names}", "text"), (" › logs", "muted")), ()))
        self.say_keys()

    def on_resize(self, event: Resize) -> None:
        """Whether it can be used."""
        self.measure(*event.size)
        self.say_keys()

    def on_screen_suspend(self) -> None:
        """What is covered is not read."""
        self.app.look()

    def on_screen_resume(self) -> None:
        """What is seen again is."""
        super().on_screen_resume()
        self.app.look()

    @property
    def context(self) -> Context:
        """The containers, for the verbs."""
        items = self.log_panel.containers
        one = items[0] if len(items) == 1 else None
        marked = tuple(item.id for item in items) if len(items) > 1 else ()
        return Context("log", self.state, container=one, screen=self.NAME, marked=marked)

    @property
    def filtered(self) -> LogPanel:
        """The lines."""
        return self.log_panel

    @property
    def spot(self) -> Spot:
        """Where one stands."""
        state, ids = self.state, self.ids
        return Spot(f"logs {' '.join(ids)}", again=partial(LogScreen, state, ids))

    @on(RowList.Chosen)
    def _chosen(self) -> None:
        self._open()

    def perform(self, action_id: str) -> None:
        """Do a verb of this screen."""
        match action_id:
            case "back":
                self._back()
            case "open":
                self._open()
            case _:
                self.app.commands.do_in_log(action_id, self.context)

    def _back(self) -> None:
        if not self.app.commands.leave_words(self.log_panel):
            self.app.pop_screen()

    def _open(self) -> None:
        entry = self.state.logs.current
        if entry is not None:
            from tui.screens.text import TextDialog

            self.app.push_screen(TextDialog("Line", log_text(entry.text)))
