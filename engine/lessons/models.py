"""A lesson as it was read, checked and ready to be run; see docs/lessons.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Value = str | int | float | bool
"""What a lesson's file may give as a parameter."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the field, explained where it first appears.

    :param means: one sentence. :param see: the command or the screen that shows it.
    """

    name: str
    means: str
    see: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command of `lamina`, as it is shown and as it is run.

    :param text: with its placeholders. :param name: what its figures are called by: NAME.seconds, NAME.said.
    :param code: the exit code it must end with; -1 takes any but 0.
    :param typed: what it reads from standard input.
    """

    text: str
    name: str = ""
    code: int = 0
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a word of the vocabulary: an action, a measure, a check or a picture.

    :param word: of `engine.lessons.vocabulary`. :param name: what its figures are called by, or "".
    """

    word: str
    name: str = ""
    parameters: Mapping[str, Value] = field(default_factory=dict)


Doing = Command | Use


@dataclass(frozen=True, slots=True)
class Step:
    """One step: read, do, look.

    :param text: read before it is done. :param after: read when it is done, with what was measured.
    :param do: in this order. :param measure: taken when all is done. :param check: all must hold then.
    :param terms: that appear in the step for the first time.
    """

    title: str
    text: str
    after: str
    hint: str
    do: tuple[Doing, ...]
    measure: tuple[Use, ...]
    check: tuple[Use, ...]
    show: tuple[Use, ...]
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson.

    :param name: of its file, without the ending. :param order: lessons are listed by it.
    :param given: values that the lesson chooses, by name; not measured, and said to be so.
    :param ours: it came with Lamina.
    """

    name: str
    title: str
    about: str
    order: int
    given: Mapping[str, Value]
    steps: tuple[Step, ...]
    path: Path
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a lesson's file. :param line: from 1."""

    line: int
    message: str
    hint: str = ""
