"""How one line of a log is drawn: its time, whose it is, which stream it came on, and its text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal, get_args

from tui.logs.ring import Entry
from tui.logs.styles import folded, from_there, marked, styled
from tui.text import age, clip_middle, pad, safe, width_of
from tui.widgets.columns import Span, clip_spans

Times = Literal["time", "date", "age", "none"]
TIMES: tuple[Times, ...] = get_args(Times)
_WIDTHS: dict[Times, int] = {"time": 8, "date": 23, "age": 4, "none": 0}
_LONGEST_NAME = 16
_SLOTS = 16
_ROOM = 24  # cells that the text wants before anything else is shown


@dataclass(frozen=True, slots=True)
class Style:
    """How lines are drawn.

    :param times: what stands before them; :param names: of the containers, where there are several.
    :param now: seconds since the epoch, for ages. :param sought: what is marked in them.
    """

    times: Times
    wrap: bool
    names: tuple[str, ...]
    now: float
    sought: re.Pattern[str] | None


def draw(entry: Entry, style: Style, width: int, *, beside: bool = False) -> list[list[Span]]:
    """An entry as lines of `width` cells; more than one only where lines are folded.

    :param beside: begin the text where the first match is, if else it would not be seen.
    """
    if entry.kind == "mark":
        word = f"── {_clock(int(entry.time))} "
        return [[(word + "─" * max(0, width - width_of(word)), "accent")]]
    before = _before(entry, style, width)
    left = width - sum(width_of(text) for text, _ in before)
    spans = [(safe(entry.text), "muted")] if entry.kind == "note" else styled(entry.text)
    if style.wrap:
        if style.sought is not None:
            spans = marked(spans, style.sought)
        first, *rest = folded(spans, left)
        indent: Span = (" " * (width - left), "text")
        return [[*before, *first], *([indent, *line] for line in rest)]
    if style.sought is not None:
        spans = marked(_seen(spans, style.sought, left) if beside else spans, style.sought)
    return [[*before, *clip_spans(tuple(spans), left)]]


def _seen(spans: list[Span], sought: re.Pattern[str], width: int) -> list[Span]:
    """A line from where its first match is seen."""
    found = sought.search("".join(text for text, _ in spans))
    if found is None or found.end() < width:
        return spans
    return from_there(spans, max(0, found.start() - width // 3))


def _before(entry: Entry, style: Style, width: int) -> list[Span]:
    several = len(style.names) > 1
    most = min(_LONGEST_NAME, max(4, width // 6))
    name_width = min(most, max(map(width_of, map(safe, style.names)))) if several else 0
    stamp_width = _WIDTHS[style.times]
    if width - name_width - stamp_width - 4 < _ROOM:
        stamp_width = 0
    spans: list[Span] = []
    if stamp_width:
        spans.append((f"{stamp(entry.time, style.times, style.now):>{stamp_width}} ", "muted"))
    if several:
        ink = f"slot{entry.source % _SLOTS}"
        name = pad(clip_middle(safe(style.names[entry.source]), name_width), name_width)
        spans.append((f"▌{name} ", ink))
    spans.append(("! " if entry.kind == "err" else "  ", "warn"))
    return spans


def stamp(moment: float, times: Times, now: float) -> str:
    """A time as it stands before a line."""
    match times:
        case "time":
            return _clock(int(moment))
        case "date":
            return f"{_day(int(moment))}.{int(moment % 1 * 1000):03d}"
        case "age":
            return f"{max(0, int(now - moment))}s" if now - moment < 60 else age(now - moment)
        case _:
            return ""


@lru_cache(maxsize=512)
def _clock(second: int) -> str:
    return f"{datetime.fromtimestamp(second).astimezone():%H:%M:%S}"


@lru_cache(maxsize=512)
def _day(second: int) -> str:
    return f"{datetime.fromtimestamp(second).astimezone():%Y-%m-%d %H:%M:%S}"


def joined(lines: Sequence[Sequence[Span]]) -> list[str]:
    """Lines as text alone."""
    return ["".join(text for text, _ in line) for line in lines]
