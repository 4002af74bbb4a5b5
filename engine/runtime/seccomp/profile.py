"""Reading a seccomp profile in Docker's JSON form (moby: profiles/seccomp, types Seccomp and Syscall).

Everything in it is checked and nothing unknown is passed over: a rule that was misread is a hole.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from engine.errors import LimitExceeded, Malformed

LARGEST_PROFILE = 1 << 20  # bytes
_MOST_RULES = 4096

ACTIONS = frozenset(
    f"SCMP_ACT_{name}"
    for name in ("KILL", "KILL_THREAD", "KILL_PROCESS", "TRAP", "ERRNO", "TRACE", "ALLOW", "LOG")
)
OPERATORS = frozenset(f"SCMP_CMP_{name}" for name in ("NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"))
FLAGS = frozenset(
    f"SECCOMP_FILTER_FLAG_{name}" for name in ("LOG", "SPEC_ALLOW", "TSYNC")
)  # of seccomp(2); those that make a descriptor have no reader here

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Argument:
    """A condition on one argument of a call."""

    index: int
    value: int
    operator: str
    second_value: int = 0


@dataclass(frozen=True, slots=True)
class Condition:
    """When a rule counts. Empty fields ask nothing.

    :param capabilities: names with CAP_. :param architectures: Go's names, such as amd64.
    :param min_kernel: (major, minor), or None.
    """

    capabilities: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    min_kernel: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do with some calls.

    :param error: the number to answer with, or None for the profile's default.
    """

    names: tuple[str, ...]
    action: str
    error: int | None = None
    arguments: tuple[Argument, ...] = ()
    includes: Condition = field(default_factory=Condition)
    excludes: Condition = field(default_factory=Condition)


@dataclass(frozen=True, slots=True)
class Profile:
    """A whole profile.

    :param architectures: for each native architecture (SCMP_ARCH_…) the others whose calls are covered too;
        under "" those that count on every machine.
    """

    default_action: str
    default_error: int | None
    architectures: dict[str, tuple[str, ...]]
    flags: tuple[str, ...]
    rules: tuple[Rule, ...]


def parse_profile(data: bytes, source: str = "the seccomp profile") -> Profile:
    """A profile from its document.

    :param source: how errors name it.
    :raises Malformed: names what is wrong and where. :raises LimitExceeded: it is too large.
    """
    if len(data) > LARGEST_PROFILE:
        raise LimitExceeded(f"{source} is larger than {LARGEST_PROFILE} bytes")
    try:
        document = json.loads(data, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{source} is not JSON: {error}") from error
    return _Reader(source).profile(document)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


class _Reader:
    def __init__(self, source: str) -> None:
        self._source = source

    def profile(self, document: object) -> Profile:
        fields = self._object(document, "the profile")
        known = {
            "defaultAction", "defaultErrnoRet", "architectures", "archMap", "flags", "syscalls", "comment",
        }  # fmt: skip
        self._only(fields, known, "the profile")
        if fields.get("architectures") and fields.get("archMap"):
            raise self._bad("architectures and archMap cannot both be given")
        rules = self._list(fields.get("syscalls"), "syscalls", self._rule)
        if len(rules) > _MOST_RULES:
            raise LimitExceeded(f"{self._source} has more than {_MOST_RULES} rules")
        architectures = {"": self._list(fields.get("architectures"), "architectures", self._text)}
        architectures.update(self._list(fields.get("archMap"), "archMap", self._architecture))
        return Profile(
            self._choice(fields.get("defaultAction"), ACTIONS, "defaultAction"),
            self._error(fields.get("defaultErrnoRet"), "defaultErrnoRet"),
            architectures,
            self._list(fields.get("flags"), "flags", self._flag),
            rules,
        )

    def _rule(self, value: object, where: str) -> Rule:
        fields = self._object(value, where)
        known = {"names", "name", "action", "errnoRet", "args", "includes", "excludes", "comment"}
        self._only(fields, known, where)
        names = self._list(fields.get("names"), f"{where}.names", self._text)
        if fields.get("name"):
            if names:
                raise self._bad(f"{where} has both name and names")
            names = (self._text(fields["name"], f"{where}.name"),)
        if not names:
            raise self._bad(f"{where} names no system call")
        return Rule(
            names,
            self._choice(fields.get("action"), ACTIONS, f"{where}.action"),
            self._error(fields.get("errnoRet"), f"{where}.errnoRet"),
            self._list(fields.get("args"), f"{where}.args", self._argument),
            self._condition(fields.get("includes"), f"{where}.includes"),
            self._condition(fields.get("excludes"), f"{where}.excludes"),
        )

    def _argument(self, value: object, where: str) -> Argument:
        fields = self._object(value, where)
        self._only(fields, {"index", "value", "valueTwo", "op"}, where)
        return Argument(
            self._number(fields.get("index"), 5, f"{where}.index"),
            self._number(fields.get("value", 0), 2**64 - 1, f"{where}.value"),
            self._choice(fields.get("op"), OPERATORS, f"{where}.op"),
            self._number(fields.get("valueTwo", 0), 2**64 - 1, f"{where}.valueTwo"),
        )

    def _condition(self, value: object, where: str) -> Condition:
        if value is None:
            return Condition()
        fields = self._object(value, where)
        self._only(fields, {"caps", "arches", "minKernel"}, where)
        return Condition(
            self._list(fields.get("caps"), f"{where}.caps", self._text),
            self._list(fields.get("arches"), f"{where}.arches", self._text),
            self._kernel(fields.get("minKernel"), f"{where}.minKernel"),
        )

    def _kernel(self, value: object, where: str) -> tuple[int, int] | None:
        if value is None or value == "":
            return None
        major, dot, minor = self._text(value, where).partition(".")
        if not (dot and all(part.isascii() and part.isdigit() and len(part) < 5 for part in (major, minor))):
            raise self._bad(f"{where} is no kernel version such as 4.8")
        return int(major), int(minor)

    def _architecture(self, value: object, where: str) -> tuple[str, tuple[str, ...]]:
        fields = self._object(value, where)
        self._only(fields, {"architecture", "subArchitectures"}, where)
        others = self._list(fields.get("subArchitectures"), f"{where}.subArchitectures", self._text)
        return self._text(fields.get("architecture"), f"{where}.architecture"), others

    # pieces

    def _bad(self, what: str) -> Malformed:
        return Malformed(f"{self._source}: {what}", hint="the form is that of Docker's seccomp profiles")

    def _object(self, value: object, where: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._bad(f"{where} is no object")
        return value

    def _only(self, fields: dict[str, Any], known: set[str], where: str) -> None:
        for name in fields:
            if name not in known:
                raise self._bad(f"{where} has {name!r}, which is not supported")

    def _list(self, value: object, where: str, read: Callable[[object, str], _T]) -> tuple[_T, ...]:
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._bad(f"{where} is no list")
        return tuple(read(item, f"{where}[{index}]") for index, item in enumerate(value))

    def _text(self, value: object, where: str) -> str:
        if not isinstance(value, str) or not value or len(value) > 100 or not value.isascii():
            raise self._bad(f"{where} is no name")
        return value

    def _choice(self, value: object, known: frozenset[str], where: str) -> str:
        if not isinstance(value, str) or value not in known:
            raise self._bad(f"{where}: {value!r} is not supported; there are {', '.join(sorted(known))}")
        return value

    def _flag(self, value: object, where: str) -> str:
        return self._choice(value, FLAGS, where)

    def _number(self, value: object, largest: int, where: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= largest:
            raise self._bad(f"{where} is no whole number from 0 to {largest}")
        return value

    def _error(self, value: object, where: str) -> int | None:
        return None if value is None else self._number(value, 4095, where)
