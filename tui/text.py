"""Text from outside made safe for one cell of the screen, and figures in the words of the screen."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rich.cells import cell_len, get_character_cell_size

from engine.images.instruction import written
from engine.printable import UNSAFE

ELLIPSIS = "…"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
LONGEST = 4096
"""Characters of one piece of outside text that are ever looked at; the rest is cut before anything else."""

# A terminal may give unassigned and private characters any width.
_REPLACED = UNSAFE | {"Cn", "Co"}
_COMBINING = frozenset({"Mn", "Me"})
_MOST_COMBINING = 2  # marks on one letter; more of them climb into the rows above and below


def safe(text: str, limit: int = LONGEST) -> str:
    """`text` on one line, without anything that moves the cursor, hides, reorders or joins cells.

    Control and format characters (among them escape sequences, line ends, zero-width and
    bidirectional ones), surrogates, and line and paragraph separators become one visible character
    each; a tab becomes four spaces.

    :param limit: characters looked at; what is cut is shown as an ellipsis.
    """
    cut = len(text) > limit
    if cut:
        text = text[:limit]
    if not (text.isascii() and text.isprintable()):
        text = _replace(text)
    return text + ELLIPSIS if cut else text


def _replace(text: str) -> str:
    out: list[str] = []
    marks = 0
    for character in text:
        if character == "\t":
            out.append("    ")
            continue
        category = unicodedata.category(character)
        marks = marks + 1 if category in _COMBINING else 0
        if marks > _MOST_COMBINING or (marks and not out):
            continue
        out.append(_picture(character) if category in _REPLACED else character)
    return "".join(out)


def _picture(character: str) -> str:
    """A visible stand-in: the control pictures of Unicode for C0 and DEL, else the replacement character."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "\N{SYMBOL FOR DELETE}" if code == 0x7F else REPLACEMENT


def width_of(text: str) -> int:
    """Cells that safe text takes."""
    return len(text) if text.isascii() else cell_len(text)


_TOLD = 4  # cells at the beginning of a reference that tell something


def clip(text: str, width: int) -> str:
    """Safe text in at most `width` cells, cut at the end."""
    if width_of(text) <= width:
        return text
    return beginning(text, width - 1) + ELLIPSIS if width > 0 else ""


def clip_middle(text: str, width: int) -> str:
    """A safe reference or path in at most `width` cells, cut so that its last name and its tag stay."""
    if width_of(text) <= width:
        return text
    if width < 6:
        return clip(text, width)
    last = text[text.rfind("/") :]
    if 1 < width_of(last) < width and last != text:
        left = width - 1 - width_of(last)
        return (beginning(text, left) if left >= _TOLD else "") + ELLIPSIS + last
    colon = text.rfind(":")
    tail = text[colon:] if colon > text.rfind("/") else ""
    keep = width_of(tail) if tail and width_of(tail) <= width - 4 else (width - 1) // 2
    keep = max(keep, (width - 1) // 2)
    return beginning(text, width - 1 - keep) + ELLIPSIS + _tail(text, keep)


def beginning(text: str, width: int) -> str:
    """As much of safe text as fits into `width` cells."""
    if text.isascii():
        return text[: max(0, width)]
    used = 0
    for index, character in enumerate(text):
        used += get_character_cell_size(character)
        if used > width:
            return text[:index]
    return text


def _tail(text: str, width: int) -> str:
    return beginning(text[::-1], width)[::-1]


def pad(text: str, width: int, right: bool = False) -> str:
    """Safe text in exactly `width` cells."""
    text = clip(text, width)
    gap = " " * (width - width_of(text))
    return gap + text if right else text + gap


@lru_cache(maxsize=4096)
def size(count: int) -> str:
    """Bytes in at most six cells and two significant places: `189 B`, `1.2 kB`, `718 MB`."""
    from humanize import naturalsize

    plain = naturalsize(count, format="%.1f").replace(" Bytes", " B").replace(" Byte", " B")
    number, unit = plain.split(" ")
    if unit == "B":
        return plain
    return f"{float(number):.1f} {unit}" if float(number) < 10 else f"{float(number):.0f} {unit}"


_STEPS = ((60, 1, ""), (3600, 60, "m"), (86400, 3600, "h"), (86400 * 365, 86400, "d"))


def age(seconds: float) -> str:
    """An age in at most four cells: `now` under a minute, `3m`, `2h`, `5d`, `2y`."""
    if seconds < 60:
        return "now"
    for below, unit, letter in _STEPS[1:]:
        if seconds < below:
            return f"{int(seconds // unit)}{letter}"
    return f"{int(seconds // (86400 * 365))}y"


def age_changes_in(seconds: float) -> float:
    """Seconds until `age` says something else, so that a screen need not look more often."""
    seconds = max(seconds, 0)
    for below, unit, _ in _STEPS:
        if seconds < below:
            unit = max(unit, 60)
            return unit - seconds % unit
    return 86400.0


def natural(name: str) -> list[tuple[int, str]]:
    """For sorting names as people count: `job-5` before `job-10`."""
    parts = re.split(r"([0-9]{1,18})", name)
    return [(int(part), "") if n % 2 else (0, part) for n, part in enumerate(parts)]


def count(number: int, one: str, many: str = "") -> str:
    """`1 layer`, `3 layers`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def short_id(digest: str) -> str:
    """Twelve digits of a digest or id, as Docker shows them."""
    return safe(digest.removeprefix("sha256:")[:12])


def instruction(created_by: str) -> str:
    """A history entry as its author wrote it, safe to draw."""
    return safe(written(created_by[:LONGEST]))


ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC, DCS and their kin: titles, links, clipboard
    r"|\x1b[ -/]*[0-~]"
)
"""Sequences that a terminal would heed."""


def log_text(text: str) -> str:
    """A line of a container's output, safe: escape sequences dropped.

    Of a line that was drawn over itself (progress bars) the last version is shown.
    """
    plain = ESCAPES.sub("", text[:LONGEST]) if "\x1b" in text else text[: LONGEST + 1]
    plain = plain.rstrip("\r")
    return safe(plain.rpartition("\r")[2])
