"""What a template asks of values: their fields, their words, and the functions of Go and Docker."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.errors import InvalidArgument
from engine.printable import printable

_MOST_NAMED = 30  # fields that an error names
# Docker's fields that are maps and no records.
_MAPS = frozenset(
    "Annotations Attributes Containers Data ExposedPorts Labels Networks Options PortBindings Ports Sysctls "
    "Tmpfs Volumes".split()
)


def field_of(value: object, path: str) -> Any:
    """What a value has under names with points between them; itself where there are none.

    :raises InvalidArgument: it has none of a name. In a map, whose names are people's, that is no value.
    """
    before = ""
    for name in filter(None, path.split(".")):
        if before in _MAPS and isinstance(value, Mapping) and name not in value:
            return None
        before = name
        if not isinstance(value, Mapping) or name not in value:
            there = sorted(map(str, value))[:_MOST_NAMED] if isinstance(value, Mapping) else []
            raise InvalidArgument(
                f"--format: there is no .{name} in {'what is shown' if there else 'a plain value'}",
                hint=f"there are {', '.join(there)}" if there else "--format json shows what there is",
            )
        value = value[name]
    return value


def as_text(value: object) -> str:
    """A value as Go prints it; nothing in it acts on a terminal."""
    if value is None:
        return "<no value>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # Written by the template itself, or made safe by `json`: newlines and tabs may stand.
        return "\n".join("\t".join(map(printable, line.split("\t"))) for line in value.split("\n"))
    if isinstance(value, Mapping):
        return f"map[{' '.join(f'{as_text(key)}:{as_text(item)}' for key, item in sorted(value.items()))}]"
    if isinstance(value, Sequence):
        return f"[{' '.join(map(as_text, value))}]"
    return str(value)


def is_true(value: object) -> bool:
    """Go's truth: neither nothing, nor zero, nor empty."""
    return bool(value)


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        # What a map of texts has not is empty in Go.
        value = value.get(str(key), "") if isinstance(value, Mapping) else value[int(key)]
    return value


def _json(value: object) -> str:
    if isinstance(value, Mapping):  # of which `.Label` is no field, but asks for an argument
        value = {name: item for name, item in value.items() if not callable(item)}
    return json.dumps(value, separators=(",", ":"))


def _printf(form: str, *values: object) -> str:
    """`%s %v %d %q %%`, each with a width; what else C knows is not needed for words."""
    return form.replace("%v", "%s").replace("%q", '"%s"') % tuple(
        value if isinstance(value, int) and not isinstance(value, bool) else as_text(value)
        for value in values
    )


def _same(value: object, *others: object) -> bool:
    return any(value == other for other in others)


def _first(wanted: bool) -> Callable[..., object]:
    """Go's `or` (the first that is true) and `and` (the first that is not), else the last."""

    def choose(*values: object) -> object:
        return next((value for value in values if is_true(value) is wanted), values[-1])

    return choose


FUNCTIONS: Mapping[str, Callable[..., object]] = {
    "and": _first(False),
    "eq": _same,
    "ge": lambda a, b: a >= b,
    "gt": lambda a, b: a > b,
    "index": _index,
    "join": lambda values, between: between.join(map(as_text, values)),
    "json": _json,
    "le": lambda a, b: a <= b,
    "len": len,
    "lower": lambda text: text.lower(),
    "lt": lambda a, b: a < b,
    "ne": lambda a, b: a != b,
    "not": lambda value: not is_true(value),
    "or": _first(True),
    "pad": lambda text, before, after: " " * before + text + " " * after,
    "print": lambda *values: "".join(map(as_text, values)),
    "printf": _printf,
    "println": lambda *values: f"{' '.join(map(as_text, values))}\n",
    "slice": lambda value, *ends: value[slice(*ends)] if len(ends) > 1 else value[ends[0] :],
    "split": lambda text, at: text.split(at),
    "title": lambda text: text.title(),
    "truncate": lambda text, length: text[:length],
    "upper": lambda text: text.upper(),
}
"""By name; each raises TypeError, ValueError or LookupError for what it cannot do."""
