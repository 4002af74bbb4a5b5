"""What a learner may choose of a lesson: other values for its `[given]`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.errors import InvalidArgument
from engine.lessons.models import Lesson, Value
from engine.printable import printable

_LONGEST = 100  # characters of a value
_TRUTHS = {"true": True, "false": False}


def with_choices(lesson: Lesson, choices: Iterable[str]) -> Lesson:
    """A lesson with other values given.

    :param choices: `NAME=VALUE`; a value is of the type that the lesson's own is.
    :raises InvalidArgument: the lesson gives no such value, or it is of another type.
    """
    given = dict(lesson.given)
    for choice in choices:
        name, equals, text = choice.partition("=")
        if not equals or name not in given:
            known = ", ".join(f"{key}={value}" for key, value in lesson.given.items())
            raise InvalidArgument(
                f"{lesson.name} has nothing to choose by {choice!r}", hint=f"it has: {known or 'nothing'}"
            )
        given[name] = _read(name, text, given[name])
    return replace(lesson, given=given)


def _read(name: str, text: str, own: Value) -> Value:
    try:
        if isinstance(own, bool):
            return _TRUTHS[text]
        if isinstance(own, int | float):
            if not text.isascii() or len(text) > 20:
                raise ValueError(text)
            return type(own)(text)
    except (KeyError, ValueError):
        raise InvalidArgument(f"{name}={text!r} is no {type(own).__name__}") from None
    if len(text) > _LONGEST or text != printable(text):
        raise InvalidArgument(f"{name}={text!r} is no line of at most {_LONGEST} characters")
    return text
