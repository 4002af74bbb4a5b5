"""What is known of the logs that are looked at together, narrowed to the lines that hold some words.

Plain values: nothing here draws, reads or knows Textual.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable

from engine.containers.models import LogLine
from tui.logs.ring import HELD, Entry, Kind, Ring
from tui.text import ESCAPES
from tui.updates import Followed


class LogBook:
    """Lines of the logs of one or several containers, in the order they came.

    With words in `filter` the lines that pass are kept apart, so that they stay in a flood of others.
    """

    def __init__(self) -> None:
        self.of: tuple[Followed, ...] | None = None  # None until something was read
        self.filter = ""
        self.find = ""
        self.held = False  # someone looks back: what is shown shall not go
        self.hits: deque[int] = deque()  # numbers of shown lines with the words of `find`
        self.marked: Entry | None = None  # the last mark
        self._all = Ring()
        self._narrow = Ring()
        self._next = 0
        self._words: list[str] = []
        self._sought: re.Pattern[str] | None = None

    @property
    def shown(self) -> Ring:
        """The lines that pass the filter."""
        return self._narrow if self._words else self._all

    @property
    def is_full(self) -> bool:
        """Whether nothing more shall be read: someone looks back, and enough has come since."""
        return self.held and self.shown.holds(HELD)

    @property
    def sought(self) -> re.Pattern[str] | None:
        """What `find` looks for."""
        return self._sought

    # taking in

    def begin(self, of: tuple[Followed, ...]) -> None:
        """Forget everything: other logs, or another part of them, are looked at."""
        self.of = of
        self.marked = None
        self.hits.clear()
        self._all.clear()
        self._narrow.clear()

    def take(self, lines: Iterable[tuple[int, LogLine]]) -> None:
        """Take in lines, each with the number of its container."""
        for source, line in lines:
            kind: Kind = "note" if line.dropped else "err" if line.stream == "stderr" else "out"
            self._add(Entry(self._next, line.time, line.text, source, kind))
        self._trim()

    def mark(self, now: float) -> None:
        """Draw a line under what has come."""
        self.marked = Entry(self._next, now, "", 0, "mark")
        self._add(self.marked)
        self._trim()

    def _add(self, entry: Entry) -> None:
        self._next += 1
        self._all.add(entry)
        if self._words and self._passes(entry):
            self._narrow.add(entry)
        elif self._words:
            return
        if self._sought is not None and self._is_hit(entry):
            self.hits.append(entry.number)

    def _trim(self) -> None:
        if not self.held or self._words:
            self._all.trim()
        if not self.held:
            self._narrow.trim()
        shown = self.shown.entries
        while self.hits and (not shown or self.hits[0] < shown[0].number):
            self.hits.popleft()

    # words

    def set_filter(self, words: str) -> None:
        """Show only lines that hold all of these words; one that begins with `!` must not be there."""
        if words == self.filter:
            return
        self.filter = words
        self._words = [word for word in words.lower().split() if word != "!"]
        self._narrow.clear()
        for entry in self._all.entries if self._words else ():
            if self._passes(entry):
                self._narrow.add(entry)
        self._count()

    def set_find(self, words: str) -> None:
        """Look for words, in capitals or not, as they stand."""
        self.find = words
        self._sought = re.compile(re.escape(words), re.IGNORECASE) if words else None
        self._count()

    def _count(self) -> None:
        self.hits.clear()
        if self._sought is not None:
            self.hits.extend(entry.number for entry in self.shown.entries if self._is_hit(entry))

    def _passes(self, entry: Entry) -> bool:
        if entry.kind in ("note", "mark"):
            return True
        return self.lets_pass(entry.text)

    def lets_pass(self, text: str) -> bool:
        """Whether a line has the words of the filter."""
        text = without_escapes(text).lower()
        return all(word[1:] not in text if word.startswith("!") else word in text for word in self._words)

    def _is_hit(self, entry: Entry) -> bool:
        return self._sought is not None and self._sought.search(without_escapes(entry.text)) is not None

    def names(self) -> list[str]:
        """The names of the containers, by their numbers."""
        return [one.name for one in self.of or ()]


def without_escapes(text: str) -> str:
    """A line without the sequences that a terminal would heed."""
    return ESCAPES.sub("", text) if "\x1b" in text else text


_CONTROLS = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if code != 9}


def copied(entries: Iterable[Entry]) -> str:
    """Lines for a clipboard: whole, but without anything that a terminal they are pasted into would heed."""
    return "\n".join(without_escapes(entry.text).translate(_CONTROLS) for entry in entries)
