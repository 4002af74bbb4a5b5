"""What a file of an image holds, as rows: text in colours, bytes, or a difference. All may block."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import NotFound
from tui.explore import Opened
from tui.text import count, safe, size
from tui.widgets.columns import Column, Row, Span, Spans, cell
from tui.widgets.lazy import LazyRows

_MOST = 1 << 20  # bytes of a file that are read
_MOST_COLOURED = 200_000  # characters; finding the words of more takes seconds
_LONGEST_LINE = 4096  # characters of a line that are drawn
_TEXT = (Column(5, right=True), Column(20, most=1 << 16, grow=1))
_BYTES = (Column(8, right=True), Column(49), Column(16, most=18, grow=1, drop=1))
_DIFFERENCE = (Column(20, most=1 << 16, grow=1),)
_A_ROW = 16


@dataclass(frozen=True, slots=True)
class Page:
    """A file's content, ready to be drawn.

    :param lines: what a search looks through, one for each row.
    :param about: kind and size in a few words.
    """

    columns: tuple[Column, ...]
    rows: Sequence[Row]
    lines: Sequence[str]
    about: str
    empty: tuple[str, ...] = ()
    is_bytes: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """The beginning of a file; :param size: bytes of all of it."""

    data: bytes
    size: int

    @property
    def is_text(self) -> bool:
        """Whether it can be shown as text."""
        return b"\0" not in self.data and self.data.decode("utf-8", "replace").count("\ufffd") * 20 <= len(
            self.data
        )

    @property
    def about(self) -> str:
        """Its size, and how much of it was read."""
        if len(self.data) < self.size:
            return f"first {size(len(self.data))} of {size(self.size)}"
        return size(self.size)


def read(opened: Opened, path: str, position: int) -> Read:
    """The beginning of a file, as it is with the layers up to one; links are followed inside the image.

    Of a file that this layer removed, what the layers below have.

    :raises NotFound: there is no such file. :raises InvalidArgument: it is none.
    """
    try:
        contents = opened.upto(position)
        row = contents.stack.follow(path)
    except NotFound:
        if position < 2:
            raise
        contents = opened.upto(position - 1)
        row = contents.stack.follow(path)
    entry = contents.stack.winners[row]
    descriptor = contents.open(row)
    try:
        data = bytearray()
        while len(data) < _MOST and (block := os.read(descriptor, _MOST - len(data))):
            data += block
    finally:
        os.close(descriptor)
    return Read(bytes(data), contents.stack.entries.content(entry))


class _Lines(LazyRows):
    def __init__(self, lines: Sequence[Spans]) -> None:
        self._lines = lines

    def __len__(self) -> int:
        return len(self._lines)

    def row(self, index: int) -> Row:
        """One line with its number."""
        spans = tuple((safe(text, _LONGEST_LINE), ink) for text, ink in self._lines[index])
        return Row(str(index), (cell(str(index + 1), "muted"), spans or cell("")))


class _Bytes(LazyRows):
    def __init__(self, data: bytes) -> None:
        self._data = data

    def __len__(self) -> int:
        return (len(self._data) + _A_ROW - 1) // _A_ROW

    def row(self, index: int) -> Row:
        """Sixteen bytes, as digits and as letters."""
        part = self._data[index * _A_ROW : (index + 1) * _A_ROW]
        digits = f"{part[:8].hex(' '):<23}  {part[8:].hex(' ')}"
        letters = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in part)
        return Row(
            str(index), (cell(f"{index * _A_ROW:08x}", "muted"), cell(digits), cell(letters, "accent"))
        )


def text_page(path: str, found: Read) -> Page:
    """A file as text; as bytes where it is none."""
    if not found.is_text:
        return bytes_page(found)
    text = found.data.decode("utf-8", "replace")
    plain = text.splitlines()
    coloured = _coloured(path, text) if len(text) <= _MOST_COLOURED else None
    lines: Sequence[Spans] = coloured if coloured is not None else [((line, "text"),) for line in plain]
    about = f"{count(len(plain), 'line')} · {found.about}"
    return Page(_TEXT, _Lines(lines), plain, about, ("", "This file is empty."))


def bytes_page(found: Read) -> Page:
    """A file as bytes."""
    rows = _Bytes(found.data)
    letters = found.data.decode("latin-1")
    lines = [letters[at : at + _A_ROW] for at in range(0, len(letters), _A_ROW)]
    return Page(_BYTES, rows, lines, f"bytes · {found.about}", ("", "This file is empty."), is_bytes=True)


def nothing_page(reason: str, about: str = "") -> Page:
    """Why there is nothing to show."""
    return Page(_DIFFERENCE, (), (), about, ("", safe(reason)))


def difference_page(opened: Opened, path: str, position: int) -> Page:
    """What a layer's copy of a file has that the copy in the layers below has not.

    The layer is the last up to `position` that has the path.
    """
    from engine.analysis.text import text_diff

    new = opened.upto(position)
    row = new.stack.require(path)
    layer = new.stack.row(row).position
    old = opened.upto(layer - 1) if layer > 1 else None
    below = old.stack.row_of(path) if old is not None else None
    if old is None or below is None:
        return nothing_page(f"Layer {layer} added this file: no copy lies below.")
    difference = text_diff(old, below, new, row)
    about = f"layer {layer} beside layer {old.stack.row(below).position}"
    if not difference.lines:
        reason = difference.reason or "The content is the same: only attributes differ."
        return nothing_page(reason, about)
    return difference_rows(difference.lines, about)


def difference_rows(lines: Sequence[str], about: str) -> Page:
    """Lines of a unified diff in their colours."""
    rows = [Row(str(n), (cell(safe(line, _LONGEST_LINE), _ink_of(line)),)) for n, line in enumerate(lines)]
    return Page(_DIFFERENCE, rows, lines, about)


def _ink_of(line: str) -> str:
    if line.startswith(("+++", "---")):
        return "muted"
    return {"+": "good", "-": "bad", "@": "accent"}.get(line[:1], "text")


def _coloured(path: str, text: str) -> list[Spans] | None:
    """Lines with the inks of their words; None where the language is not known."""
    from pygments.lexers import get_lexer_for_filename, guess_lexer
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_for_filename(path.rpartition("/")[2], text[:1000])
    except ClassNotFound:
        if not text.startswith("#!"):
            return None
        try:
            lexer = guess_lexer(text[:200])
        except ClassNotFound:
            return None
    lexer.stripnl = lexer.ensurenl = False
    lines: list[list[Span]] = [[]]
    for token, value in lexer.get_tokens(text):
        ink = _ink(token)
        for number, part in enumerate(value.split("\n")):
            if number:
                lines.append([])
            if part:
                lines[-1].append((part, ink))
    if lines and not lines[-1]:
        lines.pop()
    return [tuple(line) for line in lines]


_INKS = (
    ("Token.Comment", "muted"),
    ("Token.Keyword", "accent"),
    ("Token.Literal.String", "good"),
    ("Token.Literal.Number", "warn"),
    ("Token.Name.Function", "accent"),
    ("Token.Name.Class", "accent"),
    ("Token.Name.Tag", "accent"),
    ("Token.Name.Builtin", "accent"),
    ("Token.Generic.Inserted", "good"),
    ("Token.Generic.Deleted", "bad"),
    ("Token.Error", "text"),
)


def _ink(token: object) -> str:
    name = str(token)
    return next((ink for start, ink in _INKS if name.startswith(start)), "text")
