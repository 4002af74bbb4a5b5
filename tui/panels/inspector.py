"""The inspector: tabs on what is selected, drawn one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.message import Message

from engine.containers.models import ContainerSummary
from tui.actions import Place
from tui.panels import tabs
from tui.panels.base import Panel
from tui.panels.container_tabs import CONTAINER_TABS, FOLLOWING, container_page
from tui.panels.files import Tree
from tui.panels.logs import LogList, log_page, log_state
from tui.panels.page import Page
from tui.panels.tab_line import tab_line
from tui.state import State, Topics
from tui.text import log_text, safe, width_of
from tui.widgets.columns import Column, Span

if TYPE_CHECKING:
    from textual import events
    from textual.timer import Timer

IMAGE_TABS = ("Files", "Config", "History", "Used by")
_WAITING = Page((), ())
_NOTHING = Page((Column(1, most=4096, grow=1),), (), ("", "Nothing selected."))
_TAB_OF = {"stats": "Stats", "logs": "Logs"}
_PATIENCE = 0.3  # seconds after which the border says that something is being read


class Inspector(LogList, Panel):
    """Files, config, history and users of an image; how a container runs, from its log to its events."""

    TOPICS: ClassVar[Topics] = frozenset(
        {"selection", "detail", "files", "logs", "steps", "containers", "facts", "stats"}
    )
    NUMBER: ClassVar[int] = 4
    PLACE: ClassVar[Place] = "inspector"

    class Opened(Message):
        """Another tab, or the same of something else, came to be shown, and may need reading."""

    def __init__(self, state: State) -> None:
        super().__init__(state, follows_end=True, quiet_cursor=True)
        self.chosen = {"image": "Files", "container": "Logs"}
        self.files = Tree()
        self._shown: tuple[str, ...] = ()
        self._page_state: tuple[Span, ...] = ()
        self._tab_places: tuple[tuple[int, int, str], ...] = ()
        self._awaited: Timer | None = None

    # which tab

    @property
    def tab(self) -> str:
        """The tab in front."""
        return self.chosen[self._kind]

    @property
    def names(self) -> tuple[str, ...]:
        """The tabs there are for what is selected."""
        return CONTAINER_TABS if self._kind == "container" else IMAGE_TABS

    @property
    def _kind(self) -> str:
        return "container" if self._container is not None else "image"

    @property
    def _container(self) -> ContainerSummary | None:
        return self.state.container_of(self.state.subject)

    def choose(self, kind: str, name: str) -> None:
        """Have a tab in front when an image or container is next looked at."""
        if name in (IMAGE_TABS if kind == "image" else CONTAINER_TABS):
            self.chosen[kind] = name

    def turn(self, by: int) -> None:
        """Go to the next tab, or with -1 to the one before."""
        names = self.names
        self.open_tab(names[(names.index(self.tab) + by) % len(names)])

    def open_tab(self, name: str) -> None:
        """Bring a tab to the front."""
        if name in self.names:
            self.chosen[self._kind] = name
            self.update()

    @property
    def tab_places(self) -> Sequence[tuple[int, int, str]]:
        """Where in the border which tab stands: first cell, cell after the last, name."""
        return self._tab_places

    # drawing

    def _heard(self, topics: Topics) -> None:
        if topics == {"logs"} and self.logs is not None and self.tab == "Logs" and self.shown_log is not None:
            self.draw_log()
        elif topics not in ({"stats"}, {"logs"}) or self.tab == _TAB_OF[next(iter(topics))]:
            super()._heard(topics)

    def on_resize(self, _: events.Resize) -> None:
        """Plots are made for the room that there is."""
        if self.tab == "Stats":
            self.update()

    @property
    def shows_cursor(self) -> bool:
        """Plots have no rows to stand on."""
        return super().shows_cursor and not (self.tab == "Stats" and self.rows)

    def update(self) -> None:
        """Draw the tab in front; what stood there stays until the new is known."""
        page = self._page()
        container = self._container
        subject = self.state.subject
        shown = (
            subject.id if subject else "",
            self.tab,
            (self.state.layer or "") if self.tab == "Files" else "",
        )
        if shown != self._shown:
            self._shown = shown
            self.filter = ""
            self.top = self.cursor = 0
            self.rows = ()
            self.post_message(self.Opened())
        knows = self.tab == "Logs" and container is not None and self._knows_log(container)
        self.logs = self.state.logs if knows else None
        self.follows_end = container is not None and self.tab in FOLLOWING
        if page is not _WAITING:
            self.show_filtered(page.columns, page.rows, page.empty, page.heading)
        self._await(page is _WAITING and subject is not None)
        self._page_state = page.state
        self.update_head()

    def _await(self, waiting: bool) -> None:
        """Say in the border that something is being read, when it takes long enough to be seen."""
        if not waiting and self._awaited is not None:
            self._awaited.stop()
            self._awaited = None
        elif waiting and self._awaited is None:
            self._awaited = self.set_timer(_PATIENCE, self._say_reading)

    def _say_reading(self) -> None:
        if self._awaited is not None:
            self._page_state = (("reading…", "muted"),)
            self.update_head()

    def _page(self) -> Page:
        container, detail = self._container, self.state.detail
        now = self.state.now()
        match self.tab:
            case "Logs" if container is not None:
                return log_page(self.state.logs, [container]) if self._knows_log(container) else _WAITING
            case tab if container is not None and tab != "Files":
                width, height = self.content_size
                return container_page(self.state, container, tab, width, height) or _WAITING
        if detail is None:
            return _WAITING if self.state.subject is not None else _NOTHING
        match self.tab:
            case "Config":
                return tabs.image_config(detail)
            case "History":
                return tabs.history(detail, now)
            case "Used by":
                return tabs.used_by(detail, self.state.images or (), self.state.containers or (), now)
            case _:
                return self._files()

    def _knows_log(self, container: ContainerSummary) -> bool:
        of = self.state.logs.book.of
        return of is not None and [one.id for one in of] == [container.id]

    def update_log_head(self) -> None:
        """What the border says of a log."""
        if self.logs is not None:
            self._page_state = log_state(self.logs)
        self.update_head()

    def _files(self) -> Page:
        table = self.state.tables.get(self.state.layer or "")
        if table is None:
            return _WAITING
        return self.files.page(table, self.state.layer or "", self.filter)

    def show_filtered_tree(self) -> None:
        """Draw the tree anew after a folder was folded or unfolded."""
        self.update()

    def update_head(self) -> None:
        """The tabs in the border, the one in front in the accent colour."""
        about = tabs.layer_name(self.state.detail, self.state.layer) if self.tab == "Files" else ()
        state: list[Span] = [*about]
        for extra in (self._page_state, self.shown_place() if self.overflows and self.logs is None else ()):
            if extra:
                state += [(" · ", "muted")] if state else []
                state += extra
        spans: list[Span] = [(f"{self.NUMBER} ", "muted")]
        sought: list[Span] = [(f"  /{safe(self.filter, 40)}", "accent")] if self.filter else []
        line = tab_line(self.names, self.tab, self._room_beside(state) - _width((*spans, *sought)))
        at = 3 + _width(spans)  # the corner, the line beside it, and a blank
        self._tab_places = tuple((at + start, at + end, name) for start, end, name in line.places)
        self.entitle((*spans, *line.spans, *sought), state)

    def _room_beside(self, state: Iterable[Span]) -> int:
        """Cells of the border that the names of tabs can have; see `Framed._draw_head`."""
        width, beside = self.outer_size.width - 6, _width(state)
        return max(width * 3 // 5, width - beside - 3 if beside else width)

    @property
    def full(self) -> str:
        """The text under the cursor in full; "" where there is no more of it than is seen."""
        if self.shown_log is not None:
            entry = self.shown_log.current
            return log_text(entry.text) if entry is not None else ""
        return self.rows[self.cursor].full if self.key is not None else ""

    # folding

    def fold(self) -> bool:
        """Fold or unfold the directory under the cursor; False where there is none."""
        if self.tab == "Files" and self.key is not None and self.files.toggle(self.key):
            self.update()
            return True
        return False

    def on_click(self, event: events.Click) -> None:
        """A click on a tab's name in the border opens it."""
        if event.y == 0:
            for start, end, name in self._tab_places:
                if start <= event.x < end:
                    self.open_tab(name)


def _width(spans: Iterable[Span]) -> int:
    return sum(width_of(text) for text, _ in spans)
