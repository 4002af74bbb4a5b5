"""What of the logs is seen: where one stands in them, whether one follows, and the lines to draw.

Only lines that are seen are ever parsed, however many there are and however fast they come.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from engine.containers.models import LogLine
from tui.logs.book import LogBook
from tui.logs.drawing import TIMES, Style, Times, draw
from tui.logs.ring import Entry
from tui.logs.since import TAIL, Since
from tui.updates import Followed
from tui.widgets.columns import Span


class Drawn(NamedTuple):
    """One line on the screen, and the number of the entry it is of."""

    number: int
    spans: list[Span]


class LogView:
    """A book of logs, and how one looks at it."""

    def __init__(self) -> None:
        self.book = LogBook()
        self.since: Since = TAIL
        self.times: Times = "time"
        self.wrap = False
        self.follows = True
        self.cursor = 0  # number of an entry
        self._left_at = 0  # the last number when one ceased to follow
        self._top = (0, 0)  # number of the entry that is seen first, and which of its lines
        self._room = (80, 10)

    def recall(self, times: str, *, wrap: bool) -> None:
        """Draw lines as they were drawn when one left."""
        self.times = next((kind for kind in TIMES if kind == times), self.times)
        self.wrap = wrap

    # taking in

    def take(self, of: tuple[Followed, ...], lines: Iterable[tuple[int, LogLine]], anew: bool) -> None:
        """Take in what was read; `anew` forgets what was there."""
        if anew:
            self.book.begin(of)
            self._follow()
        self.book.take(lines)
        self._keep()

    def _keep(self) -> None:
        """The cursor stays where it was, or at the end."""
        entries = self.book.shown.entries
        if not entries:
            self.cursor = 0
        elif self.follows:
            self.cursor = entries[-1].number
        else:
            self.cursor = self._at(self.book.shown.index(self.cursor))

    def _at(self, index: int) -> int:
        entries = self.book.shown.entries
        return entries[max(0, min(index, len(entries) - 1))].number if entries else 0

    @property
    def current(self) -> Entry | None:
        """The line under the cursor."""
        shown = self.book.shown
        index = shown.index(self.cursor)
        return shown.entries[index] if index < len(shown) else None

    @property
    def place(self) -> int:
        """Which of the shown lines the cursor stands on, from 1."""
        return self.book.shown.index(self.cursor) + 1 if len(self.book.shown) else 0

    @property
    def fresh(self) -> int:
        """Shown lines that came since one ceased to follow."""
        return 0 if self.follows else len(self.book.shown) - self.book.shown.index(self._left_at + 1)

    # moving

    def go_on(self) -> None:
        """Follow: to the last line, and to each that comes."""
        self._follow()
        self.book.take(())  # what was kept for the one who looked back may go
        self._keep()

    def _follow(self) -> None:
        self.follows = True
        self.book.held = False

    def pause(self) -> None:
        """Stand still while more comes."""
        if self.follows:
            drawn = self.draw(*self._room, 0.0)
            self._left_at = self._at(len(self.book.shown) - 1)
            if drawn:
                first = drawn[0].number
                seen = sum(line.number == first for line in drawn)
                self._top = (first, max(0, self._height_of(first) - seen))
            self.follows, self.book.held = False, True

    def _height_of(self, number: int) -> int:
        return len(self._lines(number, *self._style(0.0)))

    def move(self, by: int) -> None:
        """Move by lines of the log."""
        self.go_to(self.book.shown.index(self.cursor) + by)

    def page(self, by: int) -> None:
        """Move by what is seen at once."""
        drawn = self.draw(*self._room, 0.0)
        self.move(by * max(1, len({line.number for line in drawn}) - 1))

    def go_to(self, index: int) -> None:
        """Put the cursor on one of the shown lines; at the end one follows again."""
        last = len(self.book.shown) - 1
        if index >= last:
            self.go_on()
        elif last > 0:
            self.pause()
            self.cursor = self._at(index)
            self.reveal()

    def go_to_number(self, number: int) -> None:
        """Put the cursor on an entry, and stay there whatever comes."""
        self.pause()
        self.cursor = self._at(self.book.shown.index(number))
        self.reveal()

    def seek(self, by: int) -> bool:
        """Go to the next line with the words sought, or with -1 to the one before; around at the ends."""
        hits = self.book.hits
        if not hits:
            return False
        if by > 0:
            number = next((hit for hit in hits if hit > self.cursor), hits[0])
        else:
            number = next((hit for hit in reversed(hits) if hit < self.cursor), hits[-1])
        self.go_to_number(number)
        return True

    def scroll(self, by: int) -> None:
        """Move what is seen, and the cursor only where it would leave."""
        if by > 0 and self.follows:
            return
        self.pause()
        shown = self.book.shown
        self._top = (self._at(shown.index(self._top[0]) + by), 0)
        drawn = self.draw(*self._room, 0.0)
        if drawn and drawn[-1].number == self._at(len(shown) - 1) and by > 0:
            self.go_on()
        elif drawn:
            self.cursor = max(drawn[0].number, min(self.cursor, drawn[-1].number))

    def reveal(self) -> None:
        """Bring the cursor into sight."""
        height = self._room[1]
        shown = self.book.shown
        at, top = shown.index(self.cursor), shown.index(self._top[0])
        if at <= top:
            self._top = (self.cursor, 0)
            return
        style, width = self._style(0.0)
        used = -self._top[1]
        for entry in islice(shown.entries, top, min(at + 1, top + height + self._top[1] + 1)):
            used += len(draw(entry, style, width))
        if at - top > height + self._top[1] or used > height:
            self._top = self._so_that_last(at, height)

    def _so_that_last(self, index: int, height: int) -> tuple[int, int]:
        """The first line that is seen when an entry stands at the lower end."""
        style, width = self._style(0.0)
        entries = self.book.shown.entries
        left = height
        for at in range(index, -1, -1):
            lines = len(draw(entries[at], style, width))
            if lines >= left:
                return entries[at].number, lines - left
            left -= lines
        return entries[0].number, 0

    # drawing

    def turn_times(self) -> Times:
        """Show the next kind of times."""
        self.times = TIMES[(TIMES.index(self.times) + 1) % len(TIMES)]
        return self.times

    def turn_wrap(self) -> None:
        """Fold long lines, or cut them."""
        self.wrap = not self.wrap
        self._top = (self._top[0], 0)
        if not self.follows:
            self.reveal()

    def draw(self, width: int, height: int, now: float) -> list[Drawn]:
        """What is seen in so many cells and lines.

        :param now: seconds since the epoch, for ages.
        """
        room = (max(1, width), max(1, height))
        if room != self._room:
            self._room = room
            if not self.follows:
                self.reveal()
        style, width = self._style(now)
        if self.follows:
            return self._from_end(style, width)
        shown = self.book.shown
        index, part = shown.index(self._top[0]), self._top[1]
        found: list[Drawn] = []
        for entry in islice(shown.entries, index, index + height + 1):
            lines = self._drawn(entry, style, width)
            found += lines[part:] if part < len(lines) else lines
            part = 0
            if len(found) >= height:
                return found[:height]
        # Fewer than there is room for: what came before fills it.
        return self._from_end(style, width) if index else found

    def _from_end(self, style: Style, width: int) -> list[Drawn]:
        height = self._room[1]
        blocks: list[list[Drawn]] = []
        used = 0
        for entry in reversed(self.book.shown.entries):
            blocks.append(self._drawn(entry, style, width))
            used += len(blocks[-1])
            if used >= height:
                break
        found = [line for block in reversed(blocks) for line in block]
        return found[-height:]

    def _drawn(self, entry: Entry, style: Style, width: int) -> list[Drawn]:
        beside = entry.number == self.cursor
        return [Drawn(entry.number, spans) for spans in draw(entry, style, width, beside=beside)]

    def _lines(self, number: int, style: Style, width: int) -> list[list[Span]]:
        shown = self.book.shown
        return draw(shown.entries[shown.index(number)], style, width)

    def _style(self, now: float) -> tuple[Style, int]:
        names = tuple(self.book.names())
        return Style(self.times, self.wrap, names, now, self.book.sought), self._room[0]

    # words

    def set_filter(self, words: str) -> None:
        """Show only lines with these words; see `LogBook.set_filter`."""
        if words != self.book.filter:
            self.book.set_filter(words)
            self._keep()
            if not self.follows:
                self.reveal()

    def meet(self) -> None:
        """Go to the nearest line with the words sought: this one, or one before it, or else one after."""
        hits = self.book.hits
        if hits:
            self.go_to_number(next((hit for hit in reversed(hits) if hit <= self.cursor), hits[0]))

    def chosen(self) -> list[Entry]:
        """Lines between the last mark and the cursor; those that are seen where there is no mark."""
        shown, mark = self.book.shown, self.book.marked
        if mark is not None:
            first, last = sorted((mark.number, self.cursor))
        else:
            drawn = self.draw(*self._room, 0.0)
            first, last = (drawn[0].number, drawn[-1].number) if drawn else (0, -1)
        part = islice(shown.entries, shown.index(first), shown.index(last + 1))
        return [entry for entry in part if entry.kind != "mark"]
