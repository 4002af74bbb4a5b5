"""What a run of a lesson tells, in order: the one thing that command line, screen and recordings draw from.

LessonStarted
  (StepStarted  (Ran | Underway* Acted | Skipped)*  Measured*  Pictured*  Checked*  StepDone)*
LessonDone
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.lessons.figures import Figure
from engine.lessons.models import Term


class Role(StrEnum):
    """What a piece of a picture says by its colour."""

    TEXT = "text"
    MUTED = "muted"
    ACCENT = "accent"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a picture's line.

    :param slot: 0..15, the colour of a layer; it goes before `role`.
    """

    text: str
    role: Role = Role.TEXT
    slot: int | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in characters, at most 78 columns wide.

    :param word: of the vocabulary.
    """

    word: str
    title: str
    lines: tuple[tuple[Span, ...], ...]


@dataclass(frozen=True, slots=True)
class LessonStarted:
    """:param store: where the lesson works; a second terminal sets LAMINA_ROOT to it."""

    name: str
    title: str
    about: str
    steps: int
    store: str


@dataclass(frozen=True, slots=True)
class StepStarted:
    """:param commands: what is to be done, as a person would type it."""

    number: int
    title: str
    text: str
    terms: tuple[Term, ...]
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ran:
    """A command was run.

    :param output: what it wrote to both streams, safe to print, its first lines.
    """

    number: int
    command: str
    output: tuple[str, ...]
    code: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Acted:
    """A named action was done; :param said: what it came to."""

    number: int
    word: str
    said: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Underway:
    """What an action sees while it goes on; each takes the place of the one before, none stays."""

    number: int
    word: str
    picture: Picture


@dataclass(frozen=True, slots=True)
class Skipped:
    """This machine cannot do something; the lesson goes on without it. :param hint: what to do about it."""

    number: int
    word: str
    why: str
    hint: str


@dataclass(frozen=True, slots=True)
class Measured:
    """Something was measured."""

    number: int
    name: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Pictured:
    """A picture was drawn of what is now."""

    number: int
    picture: Picture


@dataclass(frozen=True, slots=True)
class Checked:
    """:param said: what was looked at, and what was found."""

    number: int
    word: str
    ok: bool
    said: str


@dataclass(frozen=True, slots=True)
class StepDone:
    """:param after: what there is to read now. :param ok: every check held."""

    number: int
    after: str
    ok: bool
    hint: str


@dataclass(frozen=True, slots=True)
class LessonDone:
    """The end; the place is cleaned when the run is left."""

    name: str
    ok: bool
    seconds: float


LessonEvent = (
    LessonStarted
    | StepStarted
    | Ran
    | Acted
    | Underway
    | Skipped
    | Measured
    | Pictured
    | Checked
    | StepDone
    | LessonDone
)
