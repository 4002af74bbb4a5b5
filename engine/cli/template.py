"""The part of Go's templates that `--format` is used with, because scripts and hands know it.

`{{.State.Status}}`, `{{json .Config}}`, `{{range .Mounts}}{{.Source}} {{end}}`,
`{{if .Paused}}…{{else}}…{{end}}`, `{{index .Labels "a.b"}}`, pipelines, variables of range, and the functions
that Docker adds.
Source: Go's text/template; the formatting page of Docker's documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import NamedTuple

from engine.cli.template_values import FUNCTIONS, as_text, field_of, is_true
from engine.errors import InvalidArgument

_ACTION = re.compile(r"\{\{(-(?=\s))?\s*(.*?)\s*((?<=\s)-)?\}\}", re.DOTALL)
_WORD = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|`[^`]*`)|(?P<number>-?[0-9]{1,18})|(?P<open>\()|(?P<close>\))|(?P<pipe>\|)
    |(?P<assign>:=)|(?P<comma>,)|(?P<variable>\$\w*(?:\.\w+)*)|(?P<field>\.(?:\w+(?:\.\w+)*)?)|(?P<name>\w+))""",
    re.VERBOSE | re.ASCII,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_BLOCKS = ("if", "range", "with")
_CONSTANTS: Mapping[str, object] = {"true": True, "false": False, "nil": None}
_DEEPEST = 50  # blocks within blocks, and parentheses

Variables = Mapping[str, object]


class Word(NamedTuple):
    """One word of an action. :param kind: the group of the pattern that it is."""

    kind: str
    text: str


class _Piece(NamedTuple):
    """Text as it is, or the words of an action."""

    text: str
    words: tuple[Word, ...] = ()


class _Block(NamedTuple):
    """A block: what it asks for, what stands in it, and what stands after its `else`.

    :param names: variables that `range` (or `with`) gives its values.
    """

    kind: str
    names: tuple[str, ...]
    words: tuple[Word, ...]
    body: tuple[_Piece | _Block, ...]
    otherwise: tuple[_Piece | _Block, ...]


class Template:
    """One template, ready to be filled in.

    :raises InvalidArgument: it is none that is understood here; says what is not.
    """

    def __init__(self, text: str) -> None:
        parser = _Parser(list(_cut(text)))
        self._body, closing = parser.body(0)
        if closing:
            raise wrong(f"{{{{{closing[0].text}}}}} closes nothing")

    def fill(self, value: object) -> str:
        """The text for one value. :raises InvalidArgument: the value has not what is asked for."""
        return "".join(_filled(self._body, value, {"$": value}))

    def fields(self) -> tuple[str, ...]:
        """The fields of the value itself that its text is made of, for the headings of a table."""
        actions = (node.words for node in self._body if isinstance(node, _Piece))
        return tuple(word.text[1:] for words in actions for word in words if word.kind == "field")


def wrong(what: str) -> InvalidArgument:
    """The error of a template."""
    return InvalidArgument(f"--format: {what}", hint="--format json shows what there is to be named")


def _cut(text: str) -> Iterator[_Piece]:
    at, trimmed = 0, False
    for found in _ACTION.finditer(text):
        yield from _plain(text[at : found.start()], trimmed, bool(found[1]))
        if not found[2].startswith("/*"):
            yield _Piece("", tuple(_words(found[2])))
        at, trimmed = found.end(), bool(found[3])
    if "{{" in text[at:]:
        raise wrong("an action is not closed by }}")
    yield from _plain(text[at:], trimmed, False)


def _plain(text: str, left: bool, right: bool) -> Iterator[_Piece]:
    text = text.lstrip() if left else text
    text = text.rstrip() if right else text
    if text:
        yield _Piece(text)


def _words(action: str) -> Iterator[Word]:
    if not action:
        raise wrong("an action is empty")
    at, before = 0, ""
    while action[at:].strip():
        found = _WORD.match(action, at)
        if found is None or found.lastgroup is None:
            raise wrong(f"{action[at:].strip()!r:.60} is not understood")
        kind = found.lastgroup
        # `(…).Name` is a field of what stands in the parentheses, `(…) .Name` one more operand.
        kind = "part" if (before, kind, found.start(kind)) == ("close", "field", at) else kind
        yield Word(kind, found[found.lastgroup])
        at, before = found.end(), kind


class _Parser:
    def __init__(self, pieces: Sequence[_Piece]) -> None:
        self._pieces = iter(pieces)

    def body(self, depth: int) -> tuple[tuple[_Piece | _Block, ...], tuple[Word, ...]]:
        """Nodes up to what closes them, and the words of that; none at the end of the text."""
        if depth > _DEEPEST:
            raise wrong("its blocks stand too deep within each other")
        nodes: list[_Piece | _Block] = []
        for piece in self._pieces:
            first = piece.words[0] if piece.words else Word("", "")
            if first.kind == "name" and first.text in ("end", "else"):
                return tuple(nodes), piece.words
            is_block = first.kind == "name" and first.text in _BLOCKS
            nodes.append(self._block(piece.words, depth + 1) if is_block else piece)
        return tuple(nodes), ()

    def _block(self, words: tuple[Word, ...], depth: int) -> _Block:
        kind, names, asked = words[0].text, *_assigned(words[1:])
        if not asked:
            raise wrong(f"{{{{{kind}}}}} asks for nothing")
        body, closing = self.body(depth)
        otherwise: tuple[_Piece | _Block, ...] = ()
        if len(closing) > 1 and closing[0].text == "else":
            # Its `if` is a block within, which the same `end` closes.
            return _Block(kind, names, asked, body, (self._block(closing[1:], depth + 1),))
        if closing and closing[0].text == "else":
            otherwise, closing = self.body(depth)
        if not closing or closing[0].text != "end":
            raise wrong(f"{{{{{kind}}}}} is not closed by {{{{end}}}}")
        return _Block(kind, names, asked, body, otherwise)


def _assigned(words: tuple[Word, ...]) -> tuple[tuple[str, ...], tuple[Word, ...]]:
    """The variables before `:=`, and the words after it."""
    for at, word in enumerate(words):
        if word.kind == "assign":
            return tuple(one.text for one in words[:at] if one.kind == "variable"), words[at + 1 :]
    return (), words


def _filled(nodes: Sequence[_Piece | _Block], dot: object, variables: Variables) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, _Block):
            yield from _filled_block(node, dot, variables)
        elif node.words:
            yield as_text(_Evaluation(node.words, dot, variables).whole())
        else:
            yield node.text


def _filled_block(block: _Block, dot: object, variables: Variables) -> Iterator[str]:
    value = _Evaluation(block.words, dot, variables).whole()
    if block.kind != "range":
        inner = value if block.kind == "with" else dot
        named = {**variables, **dict.fromkeys(block.names, value)}
        yield from _filled(block.body if is_true(value) else block.otherwise, inner, named)
        return
    items = list(value.items() if isinstance(value, Mapping) else zip(count(), _listed(value)))
    for key, item in items:
        pair = (key, item) if len(block.names) == 2 else (item,)
        yield from _filled(block.body, item, {**variables, **dict(zip(block.names, pair, strict=False))})
    if not items:
        yield from _filled(block.otherwise, dot, variables)


def _listed(value: object) -> Sequence[object]:
    if value is None:
        return ()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return value
    raise wrong("{{range}} wants a list or a map")


class _Evaluation:
    """The value of one action: commands, each of which gives its value to the next."""

    def __init__(self, words: Sequence[Word], dot: object, variables: Variables) -> None:
        self._words = list(words)
        self._dot = dot
        self._variables = variables
        self._at = 0
        self._depth = 0

    def whole(self) -> object:
        """The value of all words."""
        value = self._pipeline()
        if self._at < len(self._words):
            raise wrong(f"{self._words[self._at].text!r} stands where nothing may")
        return value

    def _pipeline(self) -> object:
        value = self._command(())
        while self._take("pipe"):
            value = self._command((value,))
        return value

    def _command(self, last: tuple[object, ...]) -> object:
        function = self._words[self._at] if self._at < len(self._words) else Word("", "")
        if function.kind == "name" and function.text not in _CONSTANTS:
            self._at += 1
            return self._call(function.text, [*self._operands(), *last])
        own = self._operands()
        if not own:
            raise wrong("an action is empty, or one side of | is")
        operands = [*own, *last]
        if callable(operands[0]):
            return operands[0](*operands[1:2])
        if len(operands) > 1:
            raise wrong("what is no function is given arguments")
        return operands[0]

    def _call(self, name: str, arguments: list[object]) -> object:
        if name not in FUNCTIONS:
            raise wrong(f"there is no function {name!r}; there are {', '.join(sorted(FUNCTIONS))}")
        try:
            return FUNCTIONS[name](*arguments)
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            raise wrong(f"{name} cannot do with what it is given") from error

    def _operands(self) -> list[object]:
        found = []
        while self._at < len(self._words) and self._words[self._at].kind not in ("pipe", "close"):
            found.append(self._operand(self._words[self._at]))
        return found

    def _operand(self, word: Word) -> object:
        self._at += 1
        match word.kind:
            case "text":
                return _unquoted(word.text)
            case "number":
                return int(word.text)
            case "field":
                return field_of(self._dot, word.text[1:])
            case "variable":
                name, _, rest = word.text.partition(".")
                if name not in self._variables:
                    raise wrong(f"there is no variable {name}")
                return field_of(self._variables[name], rest)
            case "name" if word.text in _CONSTANTS:
                return _CONSTANTS[word.text]
            case "open":
                self._depth += 1
                if self._depth > _DEEPEST:
                    raise wrong("its parentheses stand too deep within each other")
                value = self._pipeline()
                if not self._take("close"):
                    raise wrong("a parenthesis is not closed")
                return field_of(value, self._words[self._at - 1].text[1:]) if self._take("part") else value
        raise wrong(f"{word.text!r} stands where nothing may")

    def _take(self, kind: str) -> bool:
        if self._at < len(self._words) and self._words[self._at].kind == kind:
            self._at += 1
            return True
        return False


def _unquoted(text: str) -> str:
    if text.startswith("`"):
        return text[1:-1]
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), text[1:-1])
