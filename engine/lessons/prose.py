"""The texts of a lesson: their placeholders, and figures that nobody measured."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from engine.lessons.figures import Figure
from engine.lessons.models import Value

PLACEHOLDER = re.compile(r"\{(given|measured|place)\.([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*)\}")
PLACES = ("store", "private")  # where the lesson works, and its private registry's host:port

_BRACE = re.compile(r"\{[^{}\s]{0,80}\}")
QUOTED = re.compile(r"`[^`\n]*`")
_MEASURE = (
    "(?:kilo|mega|giga|tera|kibi|mebi|gibi)?bytes?|(?:milli|micro)?seconds?|minutes?|hours?|percent|times"
)
_SPELLED = "two|three|four|five|six|seven|eight|nine|ten|twenty|fifty|hundred|thousand|million"
# A number with a unit of size, time or share, or "so many times", said as if it were known.
_CLAIM = re.compile(
    rf"\b\d[\d,.]*\s?(?:{_MEASURE}|[kKMGT]i?B|B|ms|s|min|h|x|layers|files|processes)\b"
    rf"|\b\d[\d,.]*\s?[%×]|\b(?:{_SPELLED})\s+(?:{_MEASURE})\b|\b(?:twice|half) as\b",
    re.IGNORECASE,
)


def placeholders(text: str) -> Iterator[tuple[str, str]]:
    """Every placeholder: its kind and its name."""
    for found in PLACEHOLDER.finditer(text):
        yield found[1], found[2]


def wrong_braces(text: str) -> Iterator[str]:
    """What looks like a placeholder and is none."""
    for found in _BRACE.finditer(text):
        if not PLACEHOLDER.fullmatch(found[0]):
            yield found[0]


def claims(text: str) -> Iterator[str]:
    """Figures that stand in a text as if they were known; commands in back quotes are none."""
    for found in _CLAIM.finditer(QUOTED.sub("", text)):
        yield found[0]


def filled(text: str, given: Mapping[str, Value], look: Callable[[str, str], Figure | None]) -> str:
    """A text with its placeholders filled; what was not measured says so.

    :param look: gives what is measured, or a place, by kind and name.
    """

    def fill(found: re.Match[str]) -> str:
        kind, name = found[1], found[2]
        if kind == "given":
            return str(given[name])
        figure = look(kind, name)
        return "(not measured)" if figure is None else str(figure)

    return PLACEHOLDER.sub(fill, text)


def raw(value: Value, given: Mapping[str, Value], look: Callable[[str, str], Figure | None]) -> Value | None:
    """A parameter's value: the figure itself where it is one placeholder; None where not measured."""
    if not isinstance(value, str):
        return value
    whole = PLACEHOLDER.fullmatch(value)
    if whole is None:
        return filled(value, given, look)
    if whole[1] == "given":
        return given[whole[2]]
    figure = look(whole[1], whole[2])
    return None if figure is None or isinstance(figure.value, tuple) else figure.value
