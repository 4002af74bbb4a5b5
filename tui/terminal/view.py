"""A terminal drawn: cells in the program's colours on the theme's ground, its cursor, what scrolled away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from time import monotonic
from typing import TYPE_CHECKING

from pyte.screens import Char
from rich.cells import get_character_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from tui.terminal.emulation import APPLICATION_CURSOR, BRACKETED_PASTE
from tui.terminal.keys import bytes_of, pasted, wheel
from tui.terminal.shell import Shell
from tui.widgets.columns import Span
from tui.widgets.frame import PLAIN, Lines

if TYPE_CHECKING:
    from textual import events

LEADER = "ctrl+right_square_bracket"
_DRAWINGS = 1 / 25  # seconds between two: more than anybody reads
_WHEEL = 3  # lines of one turn
_HUES = {
    "brown": "yellow",
    **{hue: hue for hue in ("red", "green", "blue", "magenta", "cyan", "black", "white")},
}
# pyte writes one of them wrong: https://github.com/selectel/pyte/blob/0.8.2/pyte/graphics.py
_NAMED = {
    **_HUES,
    **{f"bright{word}": f"bright_{hue}" for word, hue in _HUES.items()},
    "bfightmagenta": "bright_magenta",
}
_HEXADECIMAL = re.compile(r"[0-9a-f]{6}")
_MONOCHROME = "monochrome"


class TerminalView(Lines):
    """Shows one shell at a time, and types into it.

    :ivar back: lines that one looks back, 0 is the end.
    """

    can_focus = True

    class Led(Message):
        """After the leader key, this one was pressed."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Said(Message):
        """How far one looks back changed, or whether the leader key was pressed."""

    def __init__(self) -> None:
        super().__init__(id="terminal")
        self.shell: Shell | None = None
        self.back = 0
        self.leading = False
        self._waiting, self._drawn = False, 0.0
        self._cursor_row = 0
        self._gone = 0

    def show_shell(self, shell: Shell) -> None:
        """Another terminal in place of the one that stood there."""
        self.shell = shell
        self.back, self.leading = 0, False
        self._gone = shell.cells.gone
        self._fit()
        self.forget()

    def changed(self) -> None:
        """The program wrote: draw soon."""
        if self._waiting or not self.is_mounted:
            return
        self._waiting = True
        # At once after a rest, so that what is typed is seen at once.
        wait = self._drawn + _DRAWINGS - monotonic()
        if wait > 0:
            self.set_timer(wait, self._draw)
        else:
            self.call_later(self._draw)

    def look_back(self, lines: int) -> None:
        """Look so many lines further back, or on with a negative number."""
        if self.shell is None:
            return
        most = 0 if self.shell.cells.on_second_screen else len(self.shell.cells.scrollback)
        back = min(max(0, self.back + lines), most)
        if back != self.back:
            self.back = back
            self.forget()
            self.post_message(self.Said())

    def visible_text(self) -> str:
        """What is on screen, as text."""
        if self.shell is None:
            return ""
        cells = self.shell.cells
        return cells.text(-self.back, cells.lines - 1 - self.back).rstrip("\n")

    def spans(self, y: int, width: int) -> tuple[Sequence[Span], str]:
        """Nothing: cells have styles of their own, see `_paint`."""
        return (), "background"

    # drawing

    def _draw(self) -> None:
        self._waiting, self._drawn = False, monotonic()
        if self.shell is None or not self.is_mounted or not self.content_size.height:
            return
        cells = self.shell.cells
        gone, self._gone = cells.gone - self._gone, cells.gone
        if self.back:
            # What one looks at stands still while the program goes on.
            self.back = min(self.back + gone, len(cells.scrollback))
            cells.dirty.clear()
            return
        rows = {*cells.dirty, self._cursor_row, cells.cursor.y}
        cells.dirty.clear()
        self._cursor_row = cells.cursor.y
        height, width = self.content_size.height, self.content_size.width
        if len(self._painted) != height:
            self.forget()
            return
        fresh = {y: self._paint(y) for y in rows if y < height}
        changed = [y for y, strip in fresh.items() if strip != self._painted[y]]
        for y in changed:
            self._painted[y] = fresh[y]
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def _paint(self, y: int) -> Strip:
        width = self.content_size.width
        ground = self.palette.style("text", "panel")
        if self.shell is None or y >= self.shell.cells.lines:
            return Strip([Segment(" " * width, ground)], width)
        cells = self.shell.cells
        row = cells.row(y - self.back)
        shown = [row[x] for x in range(min(width, cells.columns))]
        cursor = cells.cursor
        if not self.back and cursor.y == y and not cursor.hidden and not self.shell.ended:
            x = min(cursor.x, len(shown) - 1)
            shown[x] = shown[x]._replace(reverse=not shown[x].reverse)
        coloured = self.palette.theme.name != _MONOCHROME
        segments = [
            Segment(_text(list(run)), ground + _style(look, coloured))
            for look, run in groupby(shown, lambda cell: cell._replace(data=""))
        ]
        if self.is_plain:
            segments = [Segment(text.translate(PLAIN), style) for text, style, _ in segments]
        rest = width - len(shown)
        return Strip([*segments, Segment(" " * rest, ground)] if rest > 0 else segments, width)

    # typing

    def on_key(self, event: events.Key) -> None:
        """Every key is the program's, but the leader and the one after it."""
        event.stop()
        event.prevent_default()
        if self.leading:
            self.leading = False
            self.post_message(self.Said())
            if event.key != LEADER:
                self.post_message(self.Led(event.key))
                return
        elif event.key == LEADER:
            self.leading = True
            self.post_message(self.Said())
            return
        if self.shell is None:
            return
        if self.shell.ended:
            self.post_message(self.Led("d"))
            return
        self.look_back(-self.back)
        application = APPLICATION_CURSOR in self.shell.cells.mode
        if data := bytes_of(event.key, event.character, application):
            self.shell.type(data)

    def on_paste(self, event: events.Paste) -> None:
        """A text from the clipboard is typed."""
        event.stop()
        if self.shell is not None:
            self.shell.type(pasted(event.text, BRACKETED_PASTE in self.shell.cells.mode))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel looks back, or is the program's where that listens to it."""
        self._wheel(event, up=True)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel looks on, or is the program's where that listens to it."""
        self._wheel(event, up=False)

    def _wheel(self, event: events.MouseEvent, *, up: bool) -> None:
        event.stop()
        if self.shell is None:
            return
        cells = self.shell.cells
        if cells.wants_mouse:
            self.shell.type(wheel(up, event.x, event.y))
        elif cells.on_second_screen:
            self.shell.type(bytes_of("up" if up else "down", None, APPLICATION_CURSOR in cells.mode) * _WHEEL)
        else:
            self.look_back(_WHEEL if up else -_WHEEL)

    def on_resize(self, _: events.Resize) -> None:
        """The program learns the new size."""
        self._fit()
        self.forget()

    def _fit(self) -> None:
        width, height = self.content_size
        if self.shell is not None and width > 1 and height > 1:
            self.shell.resize(height, width)


def _text(run: Sequence[Char]) -> str:
    """Cells as text that takes as many cells: a wide character without room beside it is left out."""
    out: list[str] = []
    at = 0
    while at < len(run):
        data = run[at].data
        wide = bool(data) and get_character_cell_size(data[0]) == 2
        if wide and at + 1 < len(run) and not run[at + 1].data:
            out.append(data)
            at += 2
            continue
        out.append(data if data and get_character_cell_size(data[0]) == 1 else " ")
        at += 1
    return "".join(out)


@lru_cache(maxsize=1024)
def _style(look: Char, coloured: bool) -> Style:
    return Style(
        color=_colour(look.fg) if coloured else None,
        bgcolor=_colour(look.bg) if coloured else None,
        bold=look.bold or None,
        italic=look.italics or None,
        underline=look.underscore or None,
        strike=look.strikethrough or None,
        blink=None,
        reverse=look.reverse or None,
    )


def _colour(name: str) -> str | None:
    """Rich's word for one of pyte's colours; None for the ground's own, and for what is no colour."""
    return _NAMED.get(name) or (f"#{name}" if _HEXADECIMAL.fullmatch(name) else None)
