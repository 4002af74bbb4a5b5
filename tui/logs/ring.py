"""Lines of logs in the order they came, of which a bounded number is kept."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from typing import Literal, NamedTuple

MOST_LINES = 10_000
MOST_CHARACTERS = 4_000_000
"""What is kept while one follows; the file keeps all."""
HELD = 2
"""How many times as much is kept while one looks back, so that what one looks at does not go."""

Kind = Literal["out", "err", "note", "mark"]
"""Which stream a line came on; or a word of the engine's about lines that are missing; or a mark."""


class Entry(NamedTuple):
    """One line.

    :param number: counted over all that was ever taken in, so that it stays when others go.
    :param time: seconds since the epoch. :param text: whole, as the program wrote it.
    :param source: the number of its container among those whose logs are seen together.
    """

    number: int
    time: float
    text: str
    source: int = 0
    kind: Kind = "out"


class Ring:
    """Entries of which the oldest go when there are too many, or too many characters in them."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque()
        self.characters = 0

    def __len__(self) -> int:
        return len(self.entries)

    def add(self, entry: Entry) -> None:
        """Take one in at the end."""
        self.entries.append(entry)
        self.characters += len(entry.text)

    def trim(self) -> None:
        """Let go what is too much; the newest always stays."""
        entries = self.entries
        for _ in range(len(entries) - MOST_LINES):
            self.characters -= len(entries.popleft().text)
        while self.characters > MOST_CHARACTERS and len(entries) > 1:
            self.characters -= len(entries.popleft().text)

    def holds(self, times: int) -> bool:
        """Whether there is more than so many times what is usually kept."""
        return len(self.entries) > times * MOST_LINES or self.characters > times * MOST_CHARACTERS

    def index(self, number: int) -> int:
        """Where the entry of that number stands, or the next after it."""
        return bisect_left(self.entries, number, key=_number)

    def clear(self) -> None:
        """Forget all."""
        self.entries.clear()
        self.characters = 0


def _number(entry: Entry) -> int:
    return entry.number
