"""The cells of one terminal: pyte's screen, with a second screen, lines that scrolled away, and bounds."""

from __future__ import annotations

from collections import deque
from copy import copy
from itertools import chain
from typing import Any

import pyte
from pyte import modes
from pyte.charsets import LAT1_MAP
from pyte.screens import Char, Cursor, StaticDefaultDict

from tui.terminal.clean import Cleaner

Row = StaticDefaultDict[int, Char]

SCROLLBACK = 5000
"""Lines that scrolled away and can be looked at."""
_MOST_SAVED = 16  # cursor positions that a program may lay by
_MOST_STYLES = 256  # colours and the like, for each of which cells are kept
_SECOND_SCREEN = (47, 1047, 1049)
_PRIVATE = 5  # bits that pyte shifts private modes by

APPLICATION_CURSOR, BRACKETED_PASTE = 1 << _PRIVATE, 2004 << _PRIVATE
_MOUSE = tuple(mode << _PRIVATE for mode in (1000, 1002, 1003))
_MOUSE_DECIMAL = 1006 << _PRIVATE


class _Stream(pyte.Stream):
    """What pyte knows, and scrolling."""

    csi = {**pyte.Stream.csi, "S": "scroll_up", "T": "scroll_down"}  # noqa: RUF012 - as pyte has it
    events = frozenset(chain(pyte.Stream.events, csi.values()))


class Emulation(pyte.Screen):
    """One terminal.

    :ivar scrollback: rows that scrolled away, the oldest first.
    :ivar answers: what the program asked of its terminal, to be typed into it.
    :ivar gone: how many rows have ever scrolled away.
    """

    def __init__(self, columns: int, lines: int) -> None:
        self.scrollback: deque[Row] = deque(maxlen=SCROLLBACK)
        self.answers = bytearray()
        self.gone = 0
        self._first: tuple[dict[int, Row], Cursor] | None = None
        self._cleaner = Cleaner()
        self._cells: dict[Char, dict[str, Char]] = {}
        super().__init__(max(2, columns), max(2, lines))
        self._stream = _Stream(self)

    def feed(self, data: bytes) -> None:
        """Take what the program wrote."""
        self._stream.feed(self._cleaner.feed(data))

    @property
    def on_second_screen(self) -> bool:
        """Whether a full-screen program has it, whose lines do not scroll away."""
        return self._first is not None

    @property
    def wants_mouse(self) -> bool:
        """Whether the program listens to the mouse, in the form that has no bounds."""
        return _MOUSE_DECIMAL in self.mode and any(mode in self.mode for mode in _MOUSE)

    def row(self, number: int) -> Row:
        """A row as it is drawn: from `-len(scrollback)` on, 0 is the first of the screen."""
        found: Row = self.scrollback[number] if number < 0 else self.buffer[number]
        return found

    def text(self, first: int, last: int) -> str:
        """Rows as text, without the blanks at their ends."""
        rows = (self.row(number) for number in range(first, last + 1))
        return "\n".join("".join(row[x].data for x in range(self.columns)).rstrip() for row in rows)

    # what pyte calls

    def reset(self) -> None:
        """As it was when it was new; lines that scrolled away stay."""
        self._first = None
        super().reset()

    def draw(self, data: str) -> None:
        """Write text where the cursor is. The usual kind goes faster than pyte takes what any may be."""
        if not data.isascii() or self.charset or self.g0_charset is not LAT1_MAP or modes.IRM in self.mode:
            super().draw(data)
            return
        if len(self._cells) > _MOST_STYLES:
            self._cells.clear()
        attributes = self.cursor.attrs
        cells = self._cells.setdefault(attributes, {})
        while data:
            if self.cursor.x == self.columns:
                if modes.DECAWM not in self.mode:
                    data, self.cursor.x = data[-1], self.columns - 1  # each lies over the one before
                else:
                    self.carriage_return()
                    self.linefeed()
            x, row = self.cursor.x, self.buffer[self.cursor.y]
            part, data = data[: self.columns - x], data[self.columns - x :]
            for at, character in enumerate(part, x):
                cell = cells.get(character)
                if cell is None:
                    cell = cells[character] = attributes._replace(data=character)
                row[at] = cell
            self.cursor.x = x + len(part)
            self.dirty.add(self.cursor.y)

    def index(self) -> None:
        """Go down a line; the topmost scrolls away at the end of the screen."""
        top, bottom = self.margins or (0, self.lines - 1)
        if self.cursor.y == bottom and top == 0 and self._first is None:
            self.scrollback.append(self.buffer[0])
            self.gone += 1
        super().index()

    def erase_in_display(self, how: int = 0, *args: Any, **kwargs: Any) -> None:
        """Erase a part of the screen; pyte trips over parts that there are not."""
        if how in (0, 1, 2, 3):
            super().erase_in_display(how, *args, **kwargs)

    def erase_in_line(self, how: int = 0, private: bool = False) -> None:
        """Erase a part of the line; see `erase_in_display`."""
        if how in (0, 1, 2):
            super().erase_in_line(how, private)

    def scroll_up(self, count: int | None = None) -> None:
        """All lines go up. CSI S"""
        self._scroll(count, down=False)

    def scroll_down(self, count: int | None = None) -> None:
        """All lines go down. CSI T"""
        self._scroll(count, down=True)

    def _scroll(self, count: int | None, *, down: bool) -> None:
        top, bottom = self.margins or (0, self.lines - 1)
        y = self.cursor.y
        self.cursor.y = top if down else bottom
        for _ in range(min(count or 1, self.lines)):
            (super().reverse_index if down else super().index)()
        self.cursor.y = y

    def set_mode(self, *numbers: int, **how: Any) -> None:
        """Turn modes on; 1049 and its like turn to the second screen."""
        if how.get("private") and any(number in _SECOND_SCREEN for number in numbers) and not self._first:
            self._first = dict(self.buffer), copy(self.cursor)
            self.buffer.clear()
            self.dirty.update(range(self.lines))
        super().set_mode(*numbers, **how)

    def reset_mode(self, *numbers: int, **how: Any) -> None:
        """Turn modes off; the first screen comes back as it was."""
        if how.get("private") and any(number in _SECOND_SCREEN for number in numbers) and self._first:
            rows, cursor = self._first
            self._first = None
            self.buffer.clear()
            self.buffer.update(rows)
            self.cursor = cursor
            self.cursor.x = min(cursor.x, self.columns - 1)
            self.cursor.y = min(cursor.y, self.lines - 1)
            self.dirty.update(range(self.lines))
        super().reset_mode(*numbers, **how)

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """Be of another size; at least two by two."""
        super().resize(max(2, lines or self.lines), max(2, columns or self.columns))
        self.cursor.x = min(self.cursor.x, self.columns - 1)
        self.cursor.y = min(self.cursor.y, self.lines - 1)
        self.dirty.update(range(self.lines))

    def save_cursor(self) -> None:
        """Lay the cursor by, a bounded number of times."""
        del self.savepoints[:-_MOST_SAVED]
        super().save_cursor()

    def write_process_input(self, data: str) -> None:
        """An answer of the terminal's; a program that asks without end gets a few."""
        if len(self.answers) < 1024:
            self.answers += data.encode()
