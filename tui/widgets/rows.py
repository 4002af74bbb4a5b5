"""A list of one-line rows with a cursor, drawn only where it is seen, however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from tui.widgets.columns import Cell, Column, Row, Span, Spans, clip_spans, fit, lay_out
from tui.widgets.frame import Framed

if TYPE_CHECKING:
    from textual import events


class RowList(Framed, can_focus=True):
    """Rows under a cursor, in a frame.

    :param follows_end: the cursor stays on the last row while rows are added, as long as it stands there.
    :param quiet_cursor: the row under the cursor is marked only while the list has focus.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "down", show=False, id="list.down"),
        Binding("k,up", "move(-1)", "up", show=False, id="list.up"),
        Binding("pagedown,ctrl+d", "page(1)", "page down", show=False, id="list.page_down"),
        Binding("pageup,ctrl+u", "page(-1)", "page up", show=False, id="list.page_up"),
        Binding("g,home", "jump(0)", "top", show=False, id="list.top"),
        Binding("G,end", "jump(-1)", "end", show=False, id="list.end"),
    ]

    class Moved(Message):
        """The cursor came to another row."""

        def __init__(self, rows: RowList, key: str) -> None:
            super().__init__()
            self.rows = rows
            self.key = key

        @property
        def control(self) -> RowList:
            """The list."""
            return self.rows

    class Chosen(Moved):
        """A row was clicked twice."""

    def __init__(
        self,
        *,
        id: str | None = None,
        follows_end: bool = False,
        quiet_cursor: bool = False,
    ) -> None:
        super().__init__(id=id)
        self.follows_end = follows_end
        self.quiet_cursor = quiet_cursor
        self.columns: tuple[Column, ...] = (Column(1, 9999, grow=1),)
        self.rows: Sequence[Row] = ()
        self.empty: tuple[str | Spans, ...] = ()
        self.heading: tuple[Cell, ...] = ()
        self.top = 0
        self.cursor = 0
        self._widths: tuple[int, tuple[int, ...]] = (0, ())

    # content

    def show(
        self,
        columns: Sequence[Column],
        rows: Sequence[Row],
        empty: Sequence[str | Spans] = (),
        heading: Sequence[Cell] = (),
    ) -> None:
        """Replace the rows; the cursor stays on the row it stood on where that is still there.

        :param heading: what stands above the columns, and does not scroll.
        """
        key = self.key
        at_end = self.follows_end and self.cursor >= len(self.rows) - 1
        self.columns, self.rows, self.empty = tuple(columns), rows, tuple(empty)
        self.heading = tuple(heading) if rows else ()
        self._widths = (0, ())
        if at_end:
            self.cursor = max(0, len(rows) - 1)
        elif key is not None and not (self.cursor < len(rows) and rows[self.cursor].key == key):
            self.cursor = next((i for i, row in enumerate(rows) if row.key == key), self.cursor)
        self.cursor = max(0, min(self.cursor, len(rows) - 1))
        self._scroll_to_cursor()
        self.repaint()
        if self.key is not None and self.key != key:
            self.post_message(self.Moved(self, self.key))

    @property
    def key(self) -> str | None:
        """What the cursor stands on; None in an empty list."""
        return self.rows[self.cursor].key if 0 <= self.cursor < len(self.rows) else None

    @property
    def shows_cursor(self) -> bool:
        """Whether the row under the cursor is marked."""
        return self.has_focus or not self.quiet_cursor

    @property
    def place(self) -> str:
        """Where the cursor stands, for the border: `3 of 40`; how many there are where all are seen."""
        if self.overflows:
            return f"{self.cursor + 1} of {len(self.rows)}"
        return str(len(self.rows)) if self.rows else ""

    @property
    def overflows(self) -> bool:
        """Whether there are more rows than are seen at once."""
        return len(self.rows) > self.room

    @property
    def room(self) -> int:
        """Rows that are seen at once."""
        return max(1, self.content_size.height - bool(self.heading))

    def spans(self, y: int, width: int) -> tuple[Sequence[Span], str]:
        """One visible line."""
        if self._widths[0] != width:
            self._widths = (width, fit(self.columns, width))
        if self.heading:
            if y == 0:
                return lay_out(self.columns, self._widths[1], self.heading), "panel"
            y -= 1
        index = self.top + y
        if index >= len(self.rows):
            if not self.rows and 0 <= y < len(self.empty):
                line = self.empty[y]
                return clip_spans(((line, "muted"),) if isinstance(line, str) else line, width), "panel"
            return (), "panel"
        marked = index == self.cursor and self.shows_cursor
        return lay_out(self.columns, self._widths[1], self.rows[index].cells), "cursor" if marked else "panel"

    # moving

    def go_to(self, index: int) -> None:
        """Put the cursor on a row."""
        index = max(0, min(index, len(self.rows) - 1))
        if not self.rows or index == self.cursor:
            return
        self.cursor = index
        self._scroll_to_cursor()
        self.repaint()
        self.moved()

    def go_to_key(self, key: str) -> bool:
        """Put the cursor on the row that stands for `key`; False where there is none."""
        for index, row in enumerate(self.rows):
            if row.key == key:
                self.go_to(index)
                return True
        return False

    def reveal(self) -> None:
        """Bring the cursor into sight and draw."""
        self._scroll_to_cursor()
        self.repaint()

    def moved(self) -> None:
        """Tell that the cursor stands on another row."""
        if self.key is not None:
            self.post_message(self.Moved(self, self.key))

    def _scroll_to_cursor(self) -> None:
        height = self.room
        if self.cursor < self.top:
            self.top = self.cursor
        elif self.cursor >= self.top + height:
            self.top = self.cursor - height + 1
        self.top = max(0, min(self.top, len(self.rows) - height))

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self.go_to(self.cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by a screenful."""
        self.go_to(self.cursor + by * max(1, self.room - 1))

    def action_jump(self, to: int) -> None:
        """Move the cursor to the first row, or with -1 to the last."""
        self.go_to(len(self.rows) - 1 if to < 0 else to)

    def on_resize(self, _: events.Resize) -> None:
        """Keep the cursor in sight."""
        self._scroll_to_cursor()

    def watch_has_focus(self, has_focus: bool) -> None:
        """The row under the cursor may gain or lose its mark."""
        super().watch_has_focus(has_focus)
        self.repaint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the view, and the cursor with it where it would leave."""
        event.stop()
        self._wheel(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves the view, and the cursor with it where it would leave."""
        event.stop()
        self._wheel(-3)

    def _wheel(self, by: int) -> None:
        height = self.room
        self.top = max(0, min(self.top + by, len(self.rows) - height))
        self.go_to(max(self.top, min(self.cursor, self.top + height - 1)))
        self.repaint()

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor there; a second one chooses the row."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        index = self.top + offset.y - bool(self.heading)
        if not 0 <= index < len(self.rows):
            return
        self.go_to(index)
        if event.chain == 2 and self.key is not None:
            self.post_message(self.Chosen(self, self.key))
