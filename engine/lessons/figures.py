"""Figures: what was measured, with its unit, and how it is said."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from engine.printable import printable

_LONGEST = 300  # characters of a text that was measured
_UNITS = ("B", "kB", "MB", "GB", "TB")


class Unit(StrEnum):
    """What a figure counts."""

    BYTES = "bytes"
    SECONDS = "seconds"
    COUNT = "count"
    RATIO = "ratio"
    PERCENT = "percent"
    RATE = "bytes a second"
    TEXT = "text"
    SERIES = "series"


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured, or that a lesson chose.

    :param value: in the unit's base: bytes, seconds; of a series its numbers, in order.
    """

    value: str | int | float | tuple[float, ...]
    unit: Unit = Unit.TEXT

    def __str__(self) -> str:
        if isinstance(self.value, str):
            return one_line(self.value.strip().partition("\n")[0])
        if isinstance(self.value, tuple):
            return f"{min(self.value):.3g} to {max(self.value):.3g}" if self.value else "nothing"
        match self.unit:
            case Unit.BYTES:
                return size(self.value)
            case Unit.SECONDS:
                return seconds(self.value)
            case Unit.RATE:
                return f"{size(self.value)} a second"
            case Unit.RATIO:
                return f"{self.value:.3g}" if self.value < 1000 else f"{self.value:.0f}"
            case Unit.PERCENT:
                return f"{self.value:.0f} %"
            case _:
                return f"{self.value:,}" if isinstance(self.value, int) else f"{self.value:.3g}"


def one_line(text: str) -> str:
    """Outside text on one line, safe for a terminal, of bounded length."""
    safe = printable(text.strip())
    return safe if len(safe) <= _LONGEST else safe[: _LONGEST - 1] + "…"


def size(count: float) -> str:
    """Bytes with three significant digits and a decimal unit."""
    unit = 0
    while abs(count) >= 999.5 and unit < len(_UNITS) - 1:
        count /= 1000
        unit += 1
    return f"{count:.3g} {_UNITS[unit]}"


def seconds(count: float) -> str:
    """Seconds, in milliseconds where there is less than one."""
    if count < 0.9995:
        return f"{count * 1000:.3g} ms"
    return f"{count:.3g} s" if count < 999.5 else f"{count:,.0f} s"


def number(figure: Figure) -> float:
    """A figure as a number; of a text the number that it says, NaN where it says none."""
    if isinstance(figure.value, tuple):
        return figure.value[-1] if figure.value else math.nan
    try:
        return float(figure.value)
    except ValueError:
        return math.nan
