"""A lesson's file: read, checked whole, every fault with its line. See docs/lessons.md."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.errors import InvalidArgument, LaminaError, LimitExceeded, NotFound
from engine.lessons import vocabulary
from engine.lessons.checking import Checker
from engine.lessons.lines import Lines, lines_of
from engine.lessons.models import Command, Doing, Fault, Lesson, Step, Term, Use, Value

LIMIT = 256 << 10  # bytes of a lesson's file
_STEPS = 60
_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")
_TOP = {"title": str, "about": str, "order": int, "given": dict, "step": list}
_STEP = {"title": str, "text": str, "after": str, "hint": str, "do": list, "measure": list, "check": list,
         "show": list}  # fmt: skip
_TOML = "texts stand in quotes, long ones in three on each side, lists in [ ], each key once"
_NAMED = re.compile(r"[a-z][a-z0-9_]{0,30}")
_ADDED = {"title": 'title = "…"', "about": 'about = "…", one line for the list', "text": 'text = """…"""',
          "step": "[[step]] with a title and a text"}  # fmt: skip
_GIVEN = "names are of a-z, 0-9 and _; values are numbers, or words of letters, digits and . _ : / + -"
_EXAMPLES = {str: '{} = "…"', int: "{} = 1", dict: "[{}]", list: "{} = [ … ]"}
_COMMAND = {"run": str, "name": str, "code": int, "typed": str}
_LISTS = {"do": "action", "measure": "measure", "check": "check", "show": "picture"}


class FaultyLesson(InvalidArgument):
    """A lesson's file cannot be used. :param faults: all of them, in the order of lines."""

    def __init__(self, path: Path, faults: list[Fault]) -> None:
        first = faults[0]
        more = f" (and {len(faults) - 1} more)" if faults[1:] else ""
        super().__init__(
            f"{path}:{first.line}: {first.message}{more}", hint=first.hint or f"lamina lab check {path}"
        )
        self.faults = tuple(faults)


def read_lesson(path: Path, *, ours: bool = False) -> Lesson:
    """The lesson of a file.

    :raises FaultyLesson: names every fault with its line. :raises NotFound: there is no such file.
    :raises LimitExceeded: it is larger than a lesson may be.
    """
    lesson, faults = check_file(path, ours=ours)
    if lesson is None or faults:
        raise FaultyLesson(path, faults)
    return lesson


def check_file(path: Path, *, ours: bool = False) -> tuple[Lesson | None, list[Fault]]:
    """The lesson of a file as far as it can be read, and all that is wrong with it."""
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT + 1)
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}", hint="lamina lab lessons lists what there is") from None
    except OSError as error:
        raise InvalidArgument(
            f"cannot read {path}: {error.strerror}", hint="name one file of TOML"
        ) from error
    if len(data) > LIMIT:
        raise LimitExceeded(
            f"{path} is larger than the {LIMIT} bytes that a lesson may have", hint="make two lessons of it"
        )
    return check_text(data, path, ours=ours)


def check_text(data: bytes, path: Path, *, ours: bool = False) -> tuple[Lesson | None, list[Fault]]:
    """As `check_file`, of the file's bytes."""
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        return None, [
            Fault(data[: error.start].count(b"\n") + 1, "this is not UTF-8", "save the file as UTF-8")
        ]
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        line = int(at[1]) if at else lines_of(text).opened or text.count("\n") + 1
        return None, [Fault(line, f"this is not TOML: {error}", _TOML)]
    except (RecursionError, ValueError) as error:
        return None, [
            Fault(1, f"this cannot be read: {type(error).__name__}", "nest less, and write shorter numbers")
        ]
    reader = _Reader(lines_of(text), path, ours)
    lesson = reader.lesson(found)
    return lesson, sorted(reader.faults, key=lambda fault: fault.line)


class _Reader:
    """One reading: what is of the wrong shape becomes a fault, and the rest is read on."""

    def __init__(self, lines: Lines, path: Path, ours: bool) -> None:
        self.lines, self.path, self.ours = lines, path, ours
        self.faults: list[Fault] = []

    def fault(self, line: int, message: str, hint: str = "") -> None:
        self.faults.append(Fault(line, message, hint))

    def lesson(self, found: Mapping[str, Any]) -> Lesson:
        name = self.path.name.partition(".")[0]
        if not _NAME.fullmatch(name):
            self.fault(1, f"{name!r} is no name of a lesson", "name the file of small letters, digits and -")
        self.shape(found, _TOP, ("title", "about", "step"), "", 0)
        given = self.given(found.get("given"))
        rows = found.get("step")
        rows = rows if isinstance(rows, list) else []
        if "step" in found and not 1 <= len(rows) <= _STEPS:
            self.fault(
                self.lines.of("step"), f"a lesson has from 1 to {_STEPS} steps, this {len(rows)}",
                "make two lessons of it" if rows else "begin each step with [[step]], in two brackets",
            )  # fmt: skip
        if not all(isinstance(row, dict) for row in rows):
            self.fault(
                self.lines.of("", 0, "step"), "each step must be a table", "begin each step with [[step]]"
            )
        checker = Checker(self.lines, given, self.fault)
        steps = [
            self.step(row, number, checker)
            for number, row in enumerate(rows[:_STEPS])
            if isinstance(row, dict)
        ]
        checker.about(_text(found, "about"))
        about, order = _text(found, "about"), found.get("order", 1000)
        return Lesson(
            name, _text(found, "title"), about, order if isinstance(order, int) else 1000, given,
            tuple(steps), self.path, self.ours,
        )  # fmt: skip

    def shape(
        self,
        found: Mapping[str, Any],
        takes: Mapping[str, type],
        must: tuple[str, ...],
        table: str,
        number: int,
    ) -> None:
        where = "a step" if table else "a lesson"
        for key, value in found.items():
            line = self.lines.of(table, number, key)
            if key not in takes:
                if not table and self.lines.tables.get(key):
                    line = self.lines.of(key)
                self.fault(line, f"{where} has no {key!r}", f"there are: {', '.join(takes)}")
            elif not isinstance(value, takes[key]) or isinstance(value, bool):
                line = self.lines.of(key) if not table and self.lines.tables.get(key) else line
                example = "[[step]]" if key == "step" else _EXAMPLES[takes[key]].format(key)
                self.fault(line, f"{key} must be {_called(takes[key])}", f"write {example}")
        for key in must:
            if key not in found:
                self.fault(self.lines.of(table, number), f"{where} needs {key!r}", f"add {_ADDED[key]}")

    def given(self, found: object) -> dict[str, Value]:
        given: dict[str, Value] = {}
        for key, value in (found if isinstance(found, dict) else {}).items():
            if not _NAMED.fullmatch(key) or not isinstance(value, str | int | float):
                self.fault(
                    self.lines.of("given", 0, key), f"given {key!r} must be a name with a plain value", _GIVEN
                )
            elif isinstance(value, str) and not re.fullmatch(r"[A-Za-z0-9._:/+-]{1,60}", value):
                self.fault(
                    self.lines.of("given", 0, key), f"given {key!r} must be one short plain word", _GIVEN
                )
            else:
                given[key] = value
        return given

    def step(self, row: Mapping[str, Any], number: int, checker: Checker) -> Step:
        self.shape(row, _STEP, ("title", "text"), "step", number)
        uses = {key: list(self.uses(row, key, number)) for key in _LISTS}
        line = self.lines.of("step", number)
        if uses["do"] and not uses["check"]:
            self.fault(line, "a step that does something needs a check", "say in `check` how it shows")
        prose = {key: _text(row, key) for key in ("title", "text", "hint", "after")}
        terms = checker.step(number, prose, uses)
        return Step(
            title=prose["title"],
            text=prose["text"],
            after=prose["after"],
            hint=prose["hint"],
            do=tuple(item for item, _ in uses["do"]),
            measure=_only_uses(uses["measure"]),
            check=_only_uses(uses["check"]),
            show=_only_uses(uses["show"]),
            terms=terms,
        )

    def uses(self, row: Mapping[str, Any], key: str, number: int) -> Iterator[tuple[Doing, int]]:
        items = row.get(key, [])
        for index, item in enumerate(items if isinstance(items, list) else []):
            line = self.lines.item("step", number, key, index)
            try:
                yield _use(item, key), line
            except LaminaError as error:
                self.fault(line, error.message, error.hint)


def _use(item: object, key: str) -> Doing:
    word_key = _LISTS[key]
    if key == "do" and isinstance(item, str):
        return Command(item)
    if not isinstance(item, dict) or not all(isinstance(value, str | int | float) for value in item.values()):
        raise InvalidArgument(
            f"{key} holds tables of plain values, such as {{ {word_key} = … }}",
            hint="numbers, true, false, and texts in quotes",
        )
    name = item.get("name", "")
    if not isinstance(name, str) or (name and not _NAMED.fullmatch(name)):
        raise InvalidArgument("name must be a word of small letters, digits and _")
    if key == "do" and "run" in item:
        for given, value in item.items():
            if given not in _COMMAND or not isinstance(value, _COMMAND[given]) or isinstance(value, bool):
                raise InvalidArgument(
                    f"a command takes no {given} = {value!r}",
                    hint="it takes the texts run, name and typed, and code, a whole number",
                )
        return Command(item["run"], name, item.get("code", 0), item.get("typed", ""))
    word = item.get(word_key)
    if not isinstance(word, str):
        raise InvalidArgument(
            f"this needs {word_key!r}" + (" or 'run'" if key == "do" else ""),
            hint=f'write {{ {word_key} = "…" }}; lamina lab check and docs/lessons.md name what there is',
        )
    rest = {given: value for given, value in item.items() if given not in (word_key, "name")}
    vocabulary.load()
    vocabulary.checked(word_key, word, rest)
    return Use(word, name, rest)


def _only_uses(found: list[tuple[Doing, int]]) -> tuple[Use, ...]:
    return tuple(item for item, _ in found if isinstance(item, Use))


def _text(found: Mapping[str, Any], key: str) -> str:
    value = found.get(key, "")
    return value.strip("\n") if isinstance(value, str) else ""


def _called(kind: type) -> str:
    return {str: "a text", int: "a whole number", dict: "a table", list: "a list"}[kind]


__all__ = ["Fault", "FaultyLesson", "Lesson", "Term", "check_file", "check_text", "read_lesson"]
