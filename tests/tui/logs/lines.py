"""Lines of logs for tests."""

from __future__ import annotations

from engine.containers.models import LogLine
from tui.logs.view import LogView
from tui.updates import Followed

NOW = 1_772_370_000.0
WEB = Followed("w" * 64, "web", NOW - 60)
DB = Followed("d" * 64, "db", NOW - 60)


def lines(first: int, end: int, words: str = "line") -> list[tuple[int, LogLine]]:
    """Lines of one container, a millisecond apart."""
    return [(0, LogLine(NOW + n / 1000, "stdout", f"{words} {n}")) for n in range(first, end)]


def view_of(*texts: str) -> LogView:
    """A view of one container that wrote these lines."""
    view = LogView()
    view.take((WEB,), [(0, LogLine(NOW + n, "stdout", text)) for n, text in enumerate(texts)], anew=True)
    return view


def seen(view: LogView, width: int = 60, height: int = 4) -> list[str]:
    """What is seen, without what stands before the lines."""
    view.times = "none"
    return ["".join(text for text, _ in line.spans)[2:].rstrip() for line in view.draw(width, height, NOW)]
