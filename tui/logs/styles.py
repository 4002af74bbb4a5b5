"""The text of a log line as spans: of what a terminal would heed, colours are kept and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui.text import ELLIPSIS, ESCAPES, LONGEST, beginning, safe, width_of
from tui.widgets.columns import Span

_COLOURS = ("muted", "bad", "good", "warn", "accent", "slot9", "slot4", "text")
"""Inks for black, red, green, yellow, blue, magenta, cyan, white (ECMA-48, SGR 30-37)."""
_HUES = (1, 3, 2, 6, 4, 5)  # numbers of colours, by sixths of the circle from red on


def styled(text: str) -> list[Span]:
    """A line as safe spans in inks of the theme.

    Of escape sequences those for colour, bold and reverse are heeded (SGR); all others are dropped, and so is
    what hides text. Of a line that was drawn over itself the last version is given.
    """
    cut = len(text) > LONGEST
    text = text[:LONGEST].rstrip("\r")
    if "\x1b" not in text:
        plain = safe(text.rpartition("\r")[2])
        return [(plain + ELLIPSIS if cut else plain, "text")]
    spans: list[Span] = []
    pen = _Pen()
    at = 0
    for found in ESCAPES.finditer(text):
        _put(spans, text[at : found.start()], pen.ink)
        pen.heed(found[0])
        at = found.end()
    _put(spans, text[at:], pen.ink)
    if cut:
        spans.append((ELLIPSIS, "text"))
    return spans or [("", "text")]


def _put(spans: list[Span], text: str, ink: str) -> None:
    if "\r" in text:
        spans.clear()
        text = text.rpartition("\r")[2]
    if text:
        spans.append((safe(text), ink))


class _Pen:
    """What SGR sequences have set."""

    def __init__(self) -> None:
        self._colour = ""
        self._marks: dict[str, bool] = {}

    @property
    def ink(self) -> str:
        faint = "muted" if self._marks.get("faint") else "text"
        marks = [mark for mark in ("bold", "reverse") if self._marks.get(mark)]
        return " ".join([self._colour or faint, *marks])

    def heed(self, sequence: str) -> None:
        """Take a sequence in, where it is one for colours."""
        if not (sequence.startswith("\x1b[") and sequence.endswith("m")):
            return
        words = re.split("[;:]", sequence[2:-1])
        if not all(word == "" or (word.isascii() and word.isdigit()) for word in words):
            return  # private ones, such as xterm's modifyOtherKeys
        numbers = [int(word[:4] or "0") for word in words]
        while numbers:
            self._one(numbers.pop(0), numbers)

    def _one(self, number: int, rest: list[int]) -> None:
        match number:
            case 0:
                self._colour, self._marks = "", {}
            case 1 | 2 | 7:
                self._marks[{1: "bold", 2: "faint", 7: "reverse"}[number]] = True
            case 22:
                self._marks["bold"] = self._marks["faint"] = False
            case 27:
                self._marks["reverse"] = False
            case 39:
                self._colour = ""
            case 38:
                self._colour = _of_many(rest) or self._colour
            case 48:
                _of_many(rest)  # its numbers are no attributes of their own
            case _ if 30 <= number <= 37:
                self._colour = _COLOURS[number - 30]
            case _ if 90 <= number <= 97:
                self._colour = _COLOURS[number - 90]


def _of_many(rest: list[int]) -> str:
    """The ink nearest to one of 256 colours (5;N) or to red, green and blue (2;R;G;B)."""
    kind = rest.pop(0) if rest else 0
    if kind == 5 and rest:
        number = min(rest.pop(0), 255)
        if number < 16:
            return _COLOURS[number % 8]
        if number >= 232:
            return _nearest(*[8 + 10 * (number - 232)] * 3)
        steps = (0, 95, 135, 175, 215, 255)  # xterm's 256colres.pl
        return _nearest(*(steps[(number - 16) // by % 6] for by in (36, 6, 1)))
    if kind == 2 and len(rest) >= 3:
        red, green, blue = (min(rest.pop(0), 255) for _ in range(3))
        return _nearest(red, green, blue)
    return ""


def _nearest(red: int, green: int, blue: int) -> str:
    least, most = min(red, green, blue), max(red, green, blue)
    if most - least < 50:
        return "muted" if most < 150 else "text"
    span = most - least
    if most == red:
        sixths = (green - blue) / span % 6
    elif most == green:
        sixths = (blue - red) / span + 2
    else:
        sixths = (red - green) / span + 4
    return _COLOURS[_HUES[round(sixths) % 6]]


def marked(spans: Sequence[Span], pattern: re.Pattern[str]) -> list[Span]:
    """Spans in which all that fits a pattern stands in the colour of focus."""
    text = "".join(part for part, _ in spans)
    ranges = [found.span() for found in pattern.finditer(text) if found[0]]
    if not ranges:
        return list(spans)
    out: list[Span] = []
    at = 0
    for part, ink in spans:
        end = at + len(part)
        here = at
        for start, stop in ranges:
            left, right = max(start, at), min(stop, end)
            if left < right:
                out += [(part[here - at : left - at], ink), (part[left - at : right - at], "accent reverse")]
                here = right
        out.append((part[here - at :], ink))
        at = end
    return [span for span in out if span[0]]


def from_there(spans: Sequence[Span], start: int) -> list[Span]:
    """Spans without their first characters, with a sign that there are some."""
    out: list[Span] = [(ELLIPSIS, "muted")]
    for part, ink in spans:
        if start < len(part):
            out.append((part[start:], ink))
        start = max(0, start - len(part))
    return out


def folded(spans: Sequence[Span], width: int) -> list[list[Span]]:
    """Spans as lines of at most `width` cells; at least one."""
    lines: list[list[Span]] = [[]]
    left = width
    for part, ink in spans:
        while part:
            head = part if width_of(part) <= left else beginning(part, left)
            if head:
                lines[-1].append((head, ink))
                part = part[len(head) :]
                left -= width_of(head)
            if part:
                if not lines[-1]:  # one character is wider than the line
                    lines[-1].append((part[0], ink))
                    part = part[1:]
                lines.append([])
                left = width
    return lines if lines[-1] or len(lines) == 1 else lines[:-1]
