"""What holds between the parts of a lesson: nothing told that nobody measured, no word unexplained."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from engine.errors import LaminaError
from engine.lessons import glossary, prose, vocabulary
from engine.lessons.commands import check_command
from engine.lessons.lines import Lines
from engine.lessons.models import Command, Doing, Term, Use, Value

_OF_COMMAND = ("seconds", "said", "code")
_BRACE = re.compile(r"\{[^{}\s]{1,80}\}")
_PAIRS = ("side_by_side", "same", "more", "differ", "ratio", "difference", "least_time")
_PLACED = re.compile(r"\{given\.([a-z0-9_]+)\}")
Uses = Mapping[str, list[tuple[Doing, int]]]


class Checker:
    """Goes through the steps in order, and knows what was measured and explained before."""

    def __init__(
        self, lines: Lines, given: Mapping[str, Value], fault: Callable[[int, str, str], None]
    ) -> None:
        self._lines, self._given, self._fault = lines, given, fault
        self._measured: set[str] = set()
        self._known: set[str] = set()
        self._named: set[str] = set()  # in the step that is looked at

    def about(self, text: str) -> None:
        """Check the lesson's own line, which is read before anything is measured or explained."""
        line = self._lines.of("", 0, "about")
        for found in _BRACE.findall(text):
            self._fault(line, f"{found} is not filled here", "about is read before the lesson begins")
        for found in prose.claims(text):
            self._fault(line, f"{found!r} was not measured", "tell it in a step that measures it")
        for word, _ in glossary.marks(text):
            self._fault(line, f"[{word}] is not explained here", "mark the word in the text of a step")

    def step(self, number: int, texts: Mapping[str, str], uses: Uses) -> tuple[Term, ...]:
        """Check a step; gives the terms that are new in it."""
        terms: list[Term] = []
        self._named = set()
        for key in ("title", "text", "hint"):
            terms += self._text(number, key, texts[key])
        for key in ("do", "measure", "show", "check"):
            for use, line in uses[key]:
                self._use(use, line)
                self._name(use, key, line)
        terms += self._text(number, "after", texts["after"])
        return tuple(terms)

    def _text(self, number: int, key: str, text: str) -> Iterator[Term]:
        def at(place: int) -> int:
            return self._lines.inside("step", number, key, text, place)

        for found in prose.wrong_braces(text):
            self._fault(at(text.find(found)), f"{found} is no placeholder", _PLACEHOLDERS)
        for kind, name in prose.placeholders(text):
            self._placeholder(kind, name, at(text.find(f"{{{kind}.{name}}}")))
        for found in prose.claims(text):
            self._fault(
                at(text.find(found)), f"{found!r} was not measured", "measure it, and say {measured.NAME}"
            )
        if key != "title":  # a title may name what its text then explains
            yield from self._terms(text, at)

    def _terms(self, text: str, at: Callable[[int], int]) -> Iterator[Term]:
        unexplained = list(glossary.first_unmarked(text, self._known))
        for word, place in glossary.marks(text):
            term = glossary.term_of(word)
            if term is None:
                self._fault(
                    at(place), f"[{word}] is not in the glossary", "lamina lab glossary lists its words"
                )
            elif term.name not in self._known:
                self._known.add(term.name)
                yield term
        for name, place in unexplained:
            self._fault(
                at(place), f"{name!r} is not explained where it first stands", f"write [{name}] there"
            )
            self._known.add(name)

    def _placeholder(self, kind: str, name: str, line: int) -> None:
        known = {"given": set(self._given), "place": set(prose.PLACES), "measured": self._measured}[kind]
        if name not in known:
            hint = {"given": "choose it in [given]", "measured": "measure it in this step or an earlier one"}
            self._fault(line, f"there is no {{{kind}.{name}}} here", hint.get(kind, _PLACEHOLDERS))

    def _use(self, use: Doing, line: int) -> None:
        if isinstance(use, Command):
            for kind, name in prose.placeholders(use.text):
                self._placeholder(kind, name, line)
            self._command(use, line)
            self._measured |= {f"{use.name}.{key}" for key in _OF_COMMAND} if use.name else set()
            return
        for value in use.parameters.values():
            if isinstance(value, str):
                for kind, name in prose.placeholders(value):
                    self._placeholder(kind, name, line)
        self._references(use, line)
        self._measured |= {f"{use.name}.{key}".rstrip(".") for key in _figures(use)} if use.name else set()

    def _name(self, use: Doing, key: str, line: int) -> None:
        if not use.name and key == "measure":
            self._fault(line, "a measure needs a name", 'add name = "…", by which its figures are called')
        if use.name and use.name in self._named:
            self._fault(line, f"{use.name!r} is measured twice in this step", "choose another name")
        self._named.add(use.name)

    def _references(self, use: Use, line: int) -> None:
        """`of` names what was measured, several with commas between."""
        for name in _split(use.parameters.get("of", "")):
            if name not in self._measured and "{" not in name:
                self._fault(
                    line, f"{use.word}: {name!r} was not measured before", _like(name, self._measured)
                )
        self._counts(use, line)

    def _counts(self, use: Use, line: int) -> None:
        """How many figures a word takes, and as many labels."""
        figures, labels = (len(_split(use.parameters.get(key, ""))) for key in ("of", "labels"))
        if use.word in _PAIRS and figures != 2:
            self._fault(line, f"{use.word} takes two figures, not {figures}", 'write of = "a.x, b.y"')
        elif labels and labels != figures:
            self._fault(
                line, f"{labels} labels for {figures} figures", "give each figure one, with commas between"
            )

    def _command(self, use: Command, line: int) -> None:
        try:
            check_command(use.text, lambda text: _PLACED.sub(self._chosen, text))
        except LaminaError as error:
            self._fault(line, error.message, error.hint)

    def _chosen(self, found: re.Match[str]) -> str:
        return str(self._given.get(found[1], "0"))


def _split(value: Value) -> list[str]:
    return [piece for piece in map(str.strip, str(value).split(",")) if piece]


def _like(name: str, measured: AbstractSet[str]) -> str:
    from difflib import get_close_matches

    likes = get_close_matches(name, sorted(measured), 3)
    return f"there are: {', '.join(likes)}" if likes else "measure it in this step or an earlier one"


_PLACEHOLDERS = "there are {given.NAME}, {measured.NAME}, {measured.NAME.KEY}, {place.store}, {place.private}"


def _figures(use: Use) -> tuple[str, ...]:
    for kind in (vocabulary.ACTIONS, vocabulary.MEASURES):
        if use.word in kind:
            return kind[use.word].figures
    return ()
