"""The words that a lesson's file may use, and what each takes: a closed set.

A word is a function; its keyword-only parameters are what the file may give, and their types what they
must be. A lesson may come from a stranger: whatever is no word here, or no command of `commands.py`, is an
error of the file, and nothing of the host is within reach of either.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from engine.errors import InvalidArgument, NotSupported
from engine.lessons.figures import Figure
from engine.lessons.models import Value

if TYPE_CHECKING:
    from engine.lessons.place import Place

_Function = TypeVar("_Function", bound=Callable[..., Awaitable[Any]])
_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "Value": (str, int, float),
}
_CALLED = {"str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false",
           "Value": "a text or a number"}  # fmt: skip

Status = Literal["", "created", "running", "paused", "exited"]
"""How a container may stand; "" where nothing is said of it."""
Effect = Literal["new", "copied up", "attributes", "replaced", "deleted", "made opaque", "gone", "none"]
"""What a container may have done to a path."""
Resource = Literal["cpu", "memory", "pids"]
"""What may be limited."""
Series = Literal["", "cpu", "memory", "throttled", "processes"]
"""What is drawn while a container is watched; "" for nothing."""

_CHOICES = {"Status": get_args(Status), "Effect": get_args(Effect), "Resource": get_args(Resource),
            "Series": get_args(Series)}  # fmt: skip


class StepNotSupported(NotSupported):
    """Nothing of a step can be done on this machine: its rest is left out, and the lesson goes on."""


@dataclass(frozen=True, slots=True)
class Done:
    """What an action came to. :param figures: called NAME.KEY, or NAME alone for the key ""."""

    said: str
    figures: Mapping[str, Figure] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found."""

    ok: bool
    said: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a word."""

    name: str
    type: str
    required: bool

    def takes(self, value: Value) -> bool:
        """Whether a value is of its type; a placeholder may stand for any."""
        if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
            return True
        if self.type in _CHOICES:
            return value in _CHOICES[self.type]
        if isinstance(value, bool) and self.type != "bool":
            return False
        return isinstance(value, _TYPES[self.type])

    @property
    def must_be(self) -> str:
        """What a value of its type is, in words."""
        choices = filter(None, _CHOICES.get(self.type, ()))
        return _CALLED.get(self.type) or f"one of {', '.join(choices)}"


@dataclass(frozen=True, slots=True)
class Word:
    """One word. :param figures: keys of what it measures; ("",) is a single figure."""

    name: str
    call: Callable[..., Awaitable[Any]]
    parameters: tuple[Parameter, ...]
    figures: tuple[str, ...]


Kind = dict[str, Word]

ACTIONS: Kind = {}
MEASURES: Kind = {}
CHECKS: Kind = {}
PICTURES: Kind = {}


def action(*figures: str) -> Callable[[_Function], _Function]:
    """Make a function `(place, *, …) -> Done` an action that measures these."""
    return _into(ACTIONS, figures)


def measure(*figures: str) -> Callable[[_Function], _Function]:
    """Make a function `(place, *, …) -> Figure`, or a mapping of them, a measure."""
    return _into(MEASURES, figures or ("",))


def check(function: _Function) -> _Function:
    """Make a function `(place, *, …) -> Found` a check."""
    return _into(CHECKS, ())(function)


def picture(function: _Function) -> _Function:
    """Make a function `(place, *, …) -> Picture` a picture."""
    return _into(PICTURES, ())(function)


def _into(kind: Kind, figures: tuple[str, ...]) -> Callable[[_Function], _Function]:
    def add(function: _Function) -> _Function:
        given = list(inspect.signature(function).parameters.values())[1:]
        parameters = tuple(
            Parameter(each.name.rstrip("_"), str(each.annotation), each.default is each.empty)
            for each in given
        )
        name = function.__name__.rstrip("_")
        kind[name] = Word(name, function, parameters, figures)
        return function

    return add


KINDS: Mapping[str, Kind] = {
    "action": ACTIONS,
    "measure": MEASURES,
    "check": CHECKS,
    "picture": PICTURES,
}
"""The vocabulary's parts, by the key that a lesson's file names a word with."""

# Each adds its words when it is imported.
_MODULES = (
    "actions",
    "travel",
    "readings",
    "likeness",
    "tracing",
    "measures",
    "checks",
    "pictures",
    "ladder",
    "stepping",
    "limits",
    "footprints",
    "machines",
)


async def call(word: Word, place: Place, values: Mapping[str, Value]) -> Any:
    """Do what a word says, its placeholders filled already."""
    names = inspect.signature(word.call).parameters
    given = {key if key in names else f"{key}_": value for key, value in values.items()}
    return await word.call(place, **given)


def checked(kind: str, name: str, values: Mapping[str, Value]) -> Word:
    """The word of a name, when it may be given these values.

    :raises InvalidArgument: there is no such word, or it takes something else.
    """
    load()
    word = KINDS[kind].get(name)
    if word is None:
        from difflib import get_close_matches

        likes = get_close_matches(name, KINDS[kind], 3) or sorted(KINDS[kind])
        raise InvalidArgument(f"there is no {kind} {name!r}", hint=f"there are: {', '.join(likes)}")
    takes = {parameter.name: parameter for parameter in word.parameters}
    for key, value in values.items():
        if key not in takes:
            raise InvalidArgument(
                f"{name} takes no {key!r}", hint=f"it takes: {', '.join(takes) or 'nothing'}"
            )
        if not takes[key].takes(value):
            raise InvalidArgument(f"{name}: {key} must be {takes[key].must_be}, not {value!r}")
    for parameter in word.parameters:
        if parameter.required and parameter.name not in values:
            raise InvalidArgument(
                f"{name} needs {parameter.name!r}", hint=f"add {parameter.name} = …, {parameter.must_be}"
            )
    return word


def load() -> None:
    """Fill the vocabulary; a second time changes nothing."""
    for name in _MODULES:
        importlib.import_module(f"engine.lessons.{name}")


def described(word: Word) -> str:
    """The first sentence of a word's documentation, on one line."""
    text = inspect.getdoc(word.call) or ""
    return " ".join(text.partition("\n\n")[0].split())
