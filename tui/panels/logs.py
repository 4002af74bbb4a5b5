"""A container's output: the last ten thousand lines, following as it grows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from engine.containers.models import LogLine
from tui.panels.tabs import Page
from tui.state import State
from tui.text import log_text
from tui.widgets.columns import Column, Row, cell
from tui.widgets.lazy import LazyRows

_COLUMNS = (Column(8, drop=1), Column(1, gap=1), Column(10, most=4096, grow=1, gap=1))


class LogRows(LazyRows):
    """Log lines as rows."""

    def __init__(self, lines: Sequence[LogLine], first: int) -> None:
        self._lines = lines
        self._first = first

    def __len__(self) -> int:
        return len(self._lines)

    def row(self, index: int) -> Row:
        """One line."""
        return log_row(self._lines[index], self._first + index)

    def __iter__(self) -> Iterator[Row]:
        # By index a deque is slow in its middle.
        return (log_row(line, self._first + index) for index, line in enumerate(self._lines))


def log_row(line: LogLine, number: int) -> Row:
    """One line: when, from which stream, and the text."""
    text = log_text(line.text)
    errors = line.stream == "stderr"
    clock = f"{datetime.fromtimestamp(line.time).astimezone():%H:%M:%S}"
    stream = cell("▏", "warn" if errors else "frame")
    return Row(str(number), (cell(clock, "muted"), stream, cell(text)), text.lower())


def logs(state: State, container: str) -> Page:
    """The log of the selected container, as far as it is known."""
    if state.log_of != container:
        return Page(_COLUMNS, ())
    rows = LogRows(state.log, state.log_dropped)
    return Page(_COLUMNS, rows, ("", "Nothing written yet."))
