"""Outside text made safe to print: the one function between foreign bytes and a terminal."""

from __future__ import annotations

import unicodedata

_REPLACEMENT = "�"
# Cc and Cf command terminals or reorder text, Cs cannot be encoded, Zl and Zp break the line.
UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that never reach a terminal from outside."""


def printable(text: str) -> str:
    """`text` on one line, with every control, format, surrogate and separator character replaced.

    Format characters include the bidirectional overrides, so nothing after the text is reordered.
    The result has as many characters as `text`.
    """
    if text.isprintable():
        return text
    return "".join(_REPLACEMENT if unicodedata.category(char) in UNSAFE else char for char in text)


def cells(text: str) -> int:
    """How many terminal columns printable `text` takes: wide characters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_cells_of(char) for char in text)


def _cells_of(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
