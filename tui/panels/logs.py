"""Logs in the place of rows: the inspector's tab, and the panel that fills the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment

from engine.containers.models import ContainerSummary
from tui.actions import Place
from tui.logs.view import Drawn, LogView
from tui.panels.base import Panel
from tui.panels.page import Page
from tui.state import State, Topics
from tui.text import count, safe
from tui.widgets.columns import Span
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from textual import events
    from textual.timer import Timer

    from tui.app import Lamina

_MANY = 100  # times that logs are drawn
_AGES = 10.0  # seconds after which ages before lines are drawn anew


class LogList(RowList):
    """A list that shows logs instead of rows while `logs` is set."""

    if TYPE_CHECKING:
        app: Lamina

    logs: LogView | None = None
    _filter = ""
    _seen: tuple[Drawn, ...] = ()
    _ages: Timer | None = None
    _drawn = 0

    @property
    def filter(self) -> str:
        """Words that rows or lines must hold."""
        return self._filter if self.logs is None else self.logs.book.filter

    @filter.setter  # noqa: A003  as panels call it
    def filter(self, words: str) -> None:
        self._filter = words
        if self.logs is not None:
            self.logs.set_filter(words)

    def narrow(self, words: str) -> None:
        """Show only lines that hold these words."""
        self.filter = words
        self.draw_log()

    @property
    def shown_log(self) -> LogView | None:
        """The logs, where there is a line of them to show."""
        return self.logs if self.logs is not None and len(self.logs.book.shown) else None

    @property
    def key(self) -> str | None:
        """What the cursor stands on."""
        return str(self.shown_log.cursor) if self.shown_log is not None else super().key

    def spans(self, y: int, width: int) -> tuple[tuple[Span, ...] | list[Span], str]:
        """One visible line."""
        log = self.shown_log
        if log is None:
            spans, surface = super().spans(y, width)
            return tuple(spans), surface
        if y == 0 or not self._seen:
            self._seen = tuple(log.draw(width, self.content_size.height, self.app.state.now()))
        if y >= len(self._seen):
            return (), "panel"
        line = self._seen[y]
        return line.spans, "cursor" if line.number == log.cursor and self.shows_cursor else "panel"

    def draw_log(self) -> None:
        """Draw the lines that are seen, and what the border says of them."""
        self.repaint()
        self.update_log_head()
        self._drawn += 1
        if self._drawn % _MANY == 0:
            # Of wide characters Rich keeps 16,000 cut lines, which in a flood none meets again.
            Segment._split_cells.cache_clear()  # noqa: SLF001  nothing else empties it
        if self.logs is not None and self.logs.times == "age" and self._ages is None:
            self._ages = self.set_timer(_AGES, self._older)

    def _older(self) -> None:
        self._ages = None
        if self.logs is not None:
            self.draw_log()

    def update_log_head(self) -> None:
        """Draw the border."""

    # moving

    def _go(self, go: Callable[[LogView], object]) -> bool:
        """Move in the logs, if it is logs that are shown."""
        log = self.shown_log
        if log is not None:
            go(log)
            self.draw_log()
            self.app.commands.pace_logs()
        return log is not None

    def action_move(self, by: int) -> None:
        """Move the cursor by lines."""
        if not self._go(lambda log: log.move(by)):
            super().action_move(by)

    def action_page(self, by: int) -> None:
        """Move the cursor by a screenful."""
        if not self._go(lambda log: log.page(by)):
            super().action_page(by)

    def action_jump(self, to: int) -> None:
        """Move the cursor to the first line, or with -1 to the last, and follow."""
        if not self._go(lambda log: log.go_on() if to < 0 else log.go_to(to)):
            super().action_jump(to)

    def _wheel(self, by: int) -> None:
        if not self._go(lambda log: log.scroll(by)):
            super()._wheel(by)

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor there; a second one chooses the line."""
        offset = event.get_content_offset(self)
        log = self.shown_log
        if log is None or offset is None or not 0 <= offset.y < len(self._seen):
            return
        event.prevent_default()
        number = self._seen[offset.y].number
        self._go(lambda log: log.go_to_number(number))
        if event.chain == 2:
            self.post_message(self.Chosen(self, str(number)))


class LogPanel(LogList, Panel):
    """Logs alone: of one container, or of several in the order of their lines' times.

    :param ids: of the containers.
    """

    TOPICS: ClassVar[Topics] = frozenset({"logs", "containers"})
    PLACE: ClassVar[Place] = "log"

    def __init__(self, state: State, ids: tuple[str, ...]) -> None:
        super().__init__(state)
        self.ids = ids

    @property
    def containers(self) -> list[ContainerSummary]:
        """The containers that are here yet."""
        return [item for item in self.state.containers or () if item.id in self.ids]

    def update(self) -> None:
        """Draw what was read."""
        of = self.state.logs.book.of
        known = of is not None and {one.id for one in of} <= set(self.ids)
        self.logs = self.state.logs if known else None
        page = log_page(self.state.logs, self.containers) if known else Page((), ())
        self.show_filtered((), (), page.empty)
        self.draw_log()

    def update_log_head(self) -> None:
        """Whose logs, what is looked for, and where one stands in them."""
        names = [item.name for item in self.containers]
        title: list[Span] = [(f"Logs · {', '.join(safe(name, 40) for name in names[:4])}", "text")]
        title += [(f" and {len(names) - 4} more", "text")] if len(names) > 4 else []
        title += [(f"  /{safe(self.filter, 40)}", "accent")] if self.filter else []
        self.entitle(title, log_state(self.logs) if self.logs is not None else (("reading…", "muted"),))

    def update_head(self) -> None:
        """Draw the border alone."""
        self.update_log_head()


def log_page(view: LogView, containers: list[ContainerSummary]) -> Page:
    """What stands there while there is no line, and what the border says."""
    return Page((), (), ("", *_why_empty(view, containers)), log_state(view))


def _why_empty(view: LogView, containers: list[ContainerSummary]) -> tuple[str, ...]:
    if view.since.key and view.since.words:
        return (f"Nothing written {view.since.words}.", "Another beginning shows more.")
    if len(containers) == 1:
        one = containers[0]
        if one.pid:
            return (
                "Nothing written yet.",
                f"What {safe(one.name, 40)} writes to its output or its errors appears here at once.",
            )
        if one.started is None:
            return ("Not started yet: what it writes when it runs appears here.",)
        return ("It ended without having written anything.",)
    return ("Nothing written yet. What these containers write appears here.",)


def log_state(view: LogView) -> tuple[Span, ...]:
    """For the right of the border: whether one follows, what is found, from when on, and where one stands."""
    book = view.book
    parts: list[tuple[Span, ...]] = []
    if not view.follows:
        fresh = f" · {_rounded(view.fresh)}{'+' if book.is_full else ''} new" if view.fresh else ""
        parts.append(((f"paused{fresh}", "warn"),))
    if book.find:
        parts.append(((f"“{safe(book.find, 20)}” {_found(view)}", "accent"),))
    if view.since.words:
        parts.append(((view.since.words, "muted"),))
    total = len(book.shown)
    if total:
        place = count(total, "line") if view.follows else f"{view.place} of {total}"
        parts.append(((place, "muted"),))
    spans: list[Span] = []
    for part in parts:
        spans += [(" · ", "muted")] if spans else []
        spans += part
    return tuple(spans)


def _found(view: LogView) -> str:
    hits = view.book.hits
    if not hits:
        return "nowhere"
    at = next((place for place, number in enumerate(hits, 1) if number == view.cursor), 0)
    return f"{at} of {len(hits)}" if at else f"in {count(len(hits), 'line')}"


def _rounded(number: int) -> str:
    """What grows ten times a second in as many digits as can be read."""
    return f"{number}" if number < 1000 else f"{number // 1000}k"
