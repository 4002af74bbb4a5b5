"""The prose of a lesson in lines: words of the field marked, commands set apart, wrapped to a width."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from engine.lessons.glossary import standing
from engine.lessons.models import Term
from tui.text import safe, width_of
from tui.widgets.columns import Span, Spans

_CODE = re.compile(r"`([^`\n]*)`")
_LONGEST = 20_000  # characters of one text
_MARK = "accent bold"


def paragraphs(
    text: str,
    width: int,
    terms: Sequence[Term] = (),
    ink: str = "text",
    quotes: bool = False,
) -> list[Spans]:
    """Lines of a text; an empty line between paragraphs.

    :param terms: words that are marked where they first stand.
    :param quotes: commands keep their quotes, where all is bold.
    """
    lines: list[Spans] = []
    waiting = list(terms)
    for paragraph in text[:_LONGEST].split("\n\n"):
        words = " ".join(paragraph.split())
        if not words:
            continue
        if lines:
            lines.append(())
        lines += wrapped(_inked(safe(words, _LONGEST), waiting, ink, quotes), width)
    return lines


def wrapped(spans: Iterable[Span], width: int, indent: int = 0) -> list[Spans]:
    """Spans in lines of at most `width` cells, broken between words, or inside one that is longer.

    :param indent: empty cells before each line but the first.
    """
    lines: list[list[Span]] = [[]]
    used = 0
    for word in _words(spans):
        for number, piece in enumerate(_pieces(word, max(1, width - indent))):
            long = _width(piece)
            gap = 1 if number == 0 and lines[-1] and used > indent * (len(lines) > 1) else 0
            if used + gap + long > width and lines[-1]:
                lines.append([(" " * indent, "text")] if indent else [])
                used, gap = indent, 0
            same = lines[-1] and lines[-1][-1][1] == piece[0][1]
            lines[-1] += [(" " * gap, piece[0][1] if same else "text"), *piece]
            used += gap + long
    return [_merged(line) for line in lines if line]


def _width(spans: Iterable[Span]) -> int:
    return sum(width_of(text) for text, _ in spans)


def _merged(spans: Iterable[Span]) -> Spans:
    out: list[Span] = []
    for text, ink in spans:
        if out and out[-1][1] == ink:
            out[-1] = (out[-1][0] + text, ink)
        elif text:
            out.append((text, ink))
    return tuple(out)


def _pieces(word: list[Span], room: int) -> Iterator[list[Span]]:
    """A word, in pieces of at most `room` cells."""
    piece: list[Span] = []
    left = room
    for text, ink in word:
        for character in text if width_of(text) > left else [text]:
            long = width_of(character)
            if long > left and piece:
                yield piece
                piece, left = [], room
            piece.append((character, ink))
            left -= long
    if piece:
        yield piece


def _words(spans: Iterable[Span]) -> Iterator[list[Span]]:
    """Runs of spans without a blank."""
    word: list[Span] = []
    for text, ink in spans:
        for number, part in enumerate(text.split(" ")):
            if number and word:
                yield word
                word = []
            if part:
                word.append((part, ink))
    if word:
        yield word


def _inked(text: str, waiting: list[Term], ink: str, quotes: bool) -> list[Span]:
    """A paragraph with its commands and with the words that wait to be marked; those found wait no longer."""
    out: list[Span] = []
    at = 0
    for found in _CODE.finditer(text):
        out += _marked(text[at : found.start()], waiting, ink)
        out.append((found[0], ink) if quotes else (found[1], f"{ink} bold"))
        at = found.end()
    return out + _marked(text[at:], waiting, ink)


def _marked(text: str, waiting: list[Term], ink: str) -> list[Span]:
    out: list[Span] = []
    while text:
        first = min(
            (
                (found.start(), -len(found[0]), found, term)
                for term in waiting
                if (found := _find(term, text))
            ),
            key=lambda each: each[:2],
            default=None,
        )
        if first is None:
            return [*out, (text, ink)]
        _, _, found, term = first
        waiting.remove(term)
        out += [(text[: found.start()], ink), (found[0], _MARK)]
        text = text[found.end() :]
    return out


def _find(term: Term, text: str) -> re.Match[str] | None:
    return standing(term.name).search(text)
