"""The words of the field: each with one sentence, and where to see it. Marked `[word]` in a lesson's text."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cache, lru_cache
from pathlib import Path

from engine.lessons.models import Term
from engine.lessons.prose import QUOTED

_MARK = re.compile(r"\[([a-z][a-z -]{1,40})\]")
_FILE = Path(__file__).parent / "content" / "glossary.toml"


@lru_cache(maxsize=1)
def glossary() -> Mapping[str, Term]:
    """Every term by name, in the order of the alphabet."""
    found = tomllib.loads(_FILE.read_text("utf-8"))
    return {name: Term(name, entry["means"], entry["see"]) for name, entry in sorted(found.items())}


def marks(text: str) -> Iterator[tuple[str, int]]:
    """Every marked word of a text, and where it begins; what stands in back quotes is none."""
    for found in _MARK.finditer(blanked(text)):
        yield found[1], found.start()


def term_of(word: str) -> Term | None:
    """The term of a marked word, which may stand in the plural."""
    terms = glossary()
    for name in (word, word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("ies") + "y"):
        if name in terms:
            return terms[name]
    return None


@cache
def standing(name: str) -> re.Pattern[str]:
    """What finds a word of the field in a text, in the plural too."""
    stem = re.escape(name)
    if name.endswith("y"):
        stem = f"(?:{stem}|{re.escape(name[:-1])}ies)"
    return re.compile(rf"\b{stem}(?:s|es)?\b", re.IGNORECASE)


def first_unmarked(text: str, known: AbstractSet[str]) -> Iterator[tuple[str, int]]:
    """Terms that stand in a text for the first time in a lesson, and are not marked there.

    :param known: terms that were explained before this text.
    """
    marked = {term.name: place for word, place in reversed(list(marks(text))) if (term := term_of(word))}
    plain = _MARK.sub(_blank, blanked(text))
    for name in sorted(glossary(), key=len, reverse=True):
        pattern = standing(name)
        found = pattern.search(plain)
        if found and name not in known and found.start() < marked.get(name, len(text)):
            yield name, found.start()
        plain = pattern.sub(_blank, plain)  # a long term hides the short ones in it


def unmarked(text: str) -> str:
    """A text without the brackets of its terms."""
    return "".join(
        piece if piece.startswith("`") else _MARK.sub(r"\1", piece)
        for piece in re.split(r"(`[^`\n]*`)", text)
    )


def blanked(text: str) -> str:
    """A text with what stands in back quotes, or is a placeholder, blanked; every place stays where it is."""
    return re.sub(r"\{[^{}\s]*\}", _blank, QUOTED.sub(_blank, text))


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])
