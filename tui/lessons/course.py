"""How a lesson stands: plain values, made anew with each event of `engine.lessons.events`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from engine.lessons.events import (
    Acted,
    Checked,
    LessonEvent,
    Measured,
    Picture,
    Pictured,
    Ran,
    Skipped,
    StepDone,
    StepStarted,
    Underway,
)
from engine.lessons.models import Term

DeedState = Literal["waiting", "doing", "done", "failed", "skipped"]
PageState = Literal["open", "done", "undone"]


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing to do in a step.

    :param text: the command as a person would type it, or what an action does.
    :param said: what an action came to, or why it could not be done.
    :param output: the first lines of what a command wrote. :param seconds: how long it took.
    :param sketch: what it sees while it is being done.
    """

    text: str
    state: DeedState = "waiting"
    said: str = ""
    output: tuple[str, ...] = ()
    seconds: float = 0.0
    sketch: Picture | None = None

    @property
    def is_command(self) -> bool:
        """Whether a person could type it."""
        return self.text.startswith("lamina ")


@dataclass(frozen=True, slots=True)
class StepPage:
    """One step, as far as it is.

    :param tried: commands of the learner's own that are none of the step's.
    :param standing: how each check stands: what was looked at and found, and whether it holds;
        None where that is not known before the step is done.
    :param looked: whether all was measured and checked after it was done.
    :param hint: what helps; shown when somebody asks.
    """

    number: int
    title: str
    text: str
    terms: tuple[Term, ...]
    deeds: tuple[Deed, ...]
    hint: str = ""
    tried: tuple[Deed, ...] = ()
    standing: tuple[Checked | None, ...] = ()
    pictures: tuple[Picture, ...] = ()
    figures: tuple[Measured, ...] = ()
    missing: tuple[Skipped, ...] = ()
    after: str = ""
    looked: bool = False
    state: PageState = "open"

    @property
    def next_deed(self) -> int | None:
        """The first thing that is not done yet."""
        return next((i for i, deed in enumerate(self.deeds) if deed.state in ("waiting", "failed")), None)

    def with_deed(self, index: int, **changes: object) -> StepPage:
        """The page with something new about one thing to do."""
        deed = replace(self.deeds[index], **changes)  # type: ignore[arg-type]  # fields of Deed
        return replace(self, deeds=(*self.deeds[:index], deed, *self.deeds[index + 1 :]))


@dataclass(frozen=True, slots=True)
class Course:
    """A lesson under way.

    :param steps: the titles of all its steps. :param store: where it works, once that is made.
    :param pages: of the steps that were come to, in order.
    :param busy: what is being done now, or "". :param done: the highest step that is done.
    :param auto: whether it goes on by itself, and how many times as fast as one reads.
    :param trouble: what went wrong, and what helps. :param ended: nothing more can be done in it.
    """

    name: str
    title: str
    about: str
    steps: tuple[str, ...]
    store: str = ""
    pages: tuple[StepPage, ...] = ()
    busy: str = ""
    auto: bool = False
    speed: float = 1.0
    trouble: tuple[str, str] = ("", "")
    finished: bool = False
    seconds: float = 0.0
    ended: bool = False

    @property
    def page(self) -> StepPage | None:
        """The step one is at."""
        return self.pages[-1] if self.pages else None

    def with_page(self, page: StepPage) -> Course:
        """The course with a newer version of one of its pages, or one more."""
        others = tuple(each for each in self.pages if each.number != page.number)
        return replace(self, pages=tuple(sorted((*others, page), key=lambda each: each.number)))


def opened_page(event: StepStarted, hint: str) -> StepPage:
    """A step that was just come to."""
    deeds = tuple(Deed(text) for text in event.commands)
    return StepPage(event.number, event.title, event.text, event.terms, deeds, hint)


def emptied(page: StepPage) -> StepPage:
    """A step before it is looked at anew: of the last time nothing is left."""
    return replace(page, pictures=(), figures=(), standing=(), missing=(), after="", looked=False)


def did(page: StepPage, index: int, event: LessonEvent, ok: bool) -> StepPage:
    """What came of one thing that was to be done."""
    match event:
        case Ran(output=output, seconds=seconds):
            return page.with_deed(
                index, state="done" if ok else "failed", output=output, seconds=seconds, said=""
            )
        case Acted(said=said, seconds=seconds):
            return page.with_deed(index, state="done", said=said, seconds=seconds)
        case Underway(picture=picture):
            return page.with_deed(index, sketch=picture)
        case Skipped(why=why, hint=hint):
            return page.with_deed(index, state="skipped", said=f"{why} {hint}".strip())
        case Checked(said=said):
            return page.with_deed(index, state="failed", said=said)
        case _:
            return page


def looked(page: StepPage, event: LessonEvent) -> StepPage:
    """What was found when a step was measured, drawn and checked."""
    match event:
        case Measured():
            return replace(page, figures=(*page.figures, event))
        case Pictured(picture=picture):
            return replace(page, pictures=(*page.pictures, picture))
        case Skipped():
            return replace(page, missing=(*page.missing, event))
        case Checked():
            return replace(page, standing=(*page.standing, event))
        case StepDone(after=after, ok=ok, hint=hint):
            return replace(page, after=after, hint=hint, looked=True, state="done" if ok else "undone")
        case _:
            return page


def tried(page: StepPage, event: Ran) -> StepPage:
    """A command of the learner's own that is none of the step's."""
    state: DeedState = "done" if event.code == 0 else "failed"
    deed = Deed(event.command, state, "", event.output, event.seconds)
    return replace(page, tried=(*page.tried[-4:], deed))
