"""The lessons: what each is about, how far one is, and the ways to begin."""

from __future__ import annotations

import asyncio
import shlex
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical

from tui.actions import Context, ScreenName
from tui.lessons.pages import WHOLE
from tui.lessons.shelf import COLUMNS, EMPTY, about, fault_about, shelf_rows
from tui.panels.stores import StoreList
from tui.screens.board import Board, bindings_of
from tui.state import Topics
from tui.tasks import Report
from tui.text import safe
from tui.trail import Spot
from tui.widgets.filter import Filterable
from tui.widgets.lines import TooSmall
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from textual import events

    from engine.lessons.models import Lesson
    from tui.lessons.school import Shelf

_TWO_COLUMNS = 110


class Lessons(Board):
    """All lessons left, the one under the cursor right.

    :param name: of the lesson where the cursor begins.
    """

    NAME: ClassVar[ScreenName] = "lessons"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("lessons")
    AUTO_FOCUS = "#lessons"

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.lessons = StoreList("lessons")
        self.about = RowList(id="about-it", quiet_cursor=True)
        self.shelf: Shelf | None = None
        self._chosen: dict[str, tuple[str, ...]] = {}  # by lesson, values as NAME=VALUE
        self._begin = name

    def compose(self) -> ComposeResult:
        """The list and the details."""
        yield self.header
        with Container(id="inside"):
            with Vertical(id="inside-left"):
                yield self.lessons
            with Vertical(id="inside-right"):
                yield self.about
        yield self.keys
        yield self.filter_line
        yield TooSmall(id="small")

    def on_mount(self) -> None:
        """Say what it is."""
        self.set_class(self.app.commands.projected, "-projected")
        self.app.state.listen(self._heard)
        title = [(" Lamina", "accent bold"), ("  lab › lessons", "text")]
        right = [("each works in a store of its own, which is gone afterwards ", "muted")]
        self.header.say((title, right), (title, []))
        self.lessons.entitle((("Lessons", "text"),), (("reading…", "muted"),))

    def on_unmount(self) -> None:
        """Listen no longer."""
        self.app.state.forget(self._heard)

    def on_screen_resume(self) -> None:
        """Have the lessons read; how far one is may be another now."""
        super().on_screen_resume()
        self.read()

    def on_resize(self, event: events.Resize) -> None:
        """Beside each other where there is room, else one above the other."""
        self.measure(*event.size)
        self.set_class(event.size.width < _TWO_COLUMNS, "-narrow")
        self.call_after_refresh(self._tell)

    def _heard(self, topics: Topics) -> None:
        if "tasks" in topics and self.is_current:
            self.say_keys()

    def read(self) -> None:
        """Read them anew; what stands there stays until then."""
        self.app.bridge.ask(
            "lessons", "read the lessons", "lamina lab lessons",
            partial(asyncio.to_thread, self.app.commands.school.shelf), self._show,
        )  # fmt: skip

    def _show(self, shelf: Shelf) -> None:
        if not self.is_attached:
            return
        self.shelf = shelf
        self.lessons.take("Lessons", COLUMNS, shelf_rows(shelf), EMPTY)
        if self._begin:
            self.choose(self._begin)
            self._begin = ""
        self._tell()

    def choose(self, name: str) -> None:
        """Put the cursor on a lesson."""
        self.lessons.set_filter("")
        self.lessons.go_to_key(name)

    # where the person stands

    @property
    def lesson(self) -> Lesson | None:
        """The lesson under the cursor; None on a file that is none."""
        found = self.shelf.lessons if self.shelf is not None else ()
        return next((each for each in found if each.name == self.lessons.key), None)

    @property
    def context(self) -> Context:
        """The lesson under the cursor: the command that starts it, and its name."""
        lesson = self.lesson
        command = f"lamina lab start {lesson.name}" if lesson is not None else None
        inside = (lesson.name,) if lesson is not None else ()
        return Context("lessons", self.app.state, screen=self.NAME, path=command, inside=inside)

    @property
    def spot(self) -> Spot:
        """The lessons."""
        return Spot("lessons", again=Lessons)

    @property
    def filtered(self) -> Filterable:
        """The list."""
        return self.lessons

    @on(RowList.Moved)
    def _moved(self, event: RowList.Moved) -> None:
        if isinstance(event, RowList.Chosen):
            self.perform("open")
        elif event.rows is self.lessons:
            self._tell()

    def _tell(self) -> None:
        shelf, lesson = self.shelf, self.lesson
        width = max(20, min(84, self.about.content_size.width))
        if shelf is not None and lesson is not None:
            self.about.show(WHOLE, about(self._with_choices(lesson), shelf, width))
        elif shelf is not None and self.lessons.key is not None:
            self.about.show(WHOLE, fault_about(shelf, self.lessons.key, width))
        else:
            self.about.show(WHOLE, ())
        self.about.entitle(((safe(lesson.title, 80) if lesson is not None else "Details", "text"),))
        self.say_keys()

    def say_keys(self) -> None:
        """Enter says where the lesson begins."""
        shelf, lesson = self.shelf, self.lesson
        if shelf is None or lesson is None or self.app.state.read_only:
            super().say_keys()
            return
        first = shelf.first_of(lesson)
        self.offer({"open": f"go on at {first}" if first > 1 else "start"})

    # verbs

    def perform(self, action_id: str) -> None:
        """Do a verb of this screen."""
        lesson, shelf = self.lesson, self.shelf
        match action_id:
            case "back" if self.lessons.filter:
                self.lessons.set_filter("")
            case "back" if self.about.has_focus:
                self.lessons.focus()
            case "back":
                self.app.pop_screen()
            case "next" | "previous":
                (self.lessons if self.about.has_focus else self.about).focus()
            case _ if lesson is None or shelf is None:
                self.app.commands.say(
                    "This file is no lesson: lamina lab check names what is wrong", bad=True
                )
            case "open":
                self._begin_at(lesson, shelf.first_of(lesson))
            case "lesson_anew":
                self._begin_at(lesson, 1)
            case "lesson_auto":
                self._begin_at(lesson, 1, auto=True)
            case "lesson_choose":
                self._choose(lesson)
            case "lesson_reset":
                self._reset(lesson)
            case "copy":
                self.app.commands.copy(f"lamina lab start {lesson.name}")
            case _:
                pass

    def _begin_at(self, lesson: Lesson, first: int, auto: bool = False) -> None:
        if self.app.state.read_only:
            self.app.commands.say("A lesson changes something, and this workstation only looks", bad=True)
        else:
            self.app.commands.begin(self._with_choices(lesson), first, auto)

    def _with_choices(self, lesson: Lesson) -> Lesson:
        from engine.lessons.choosing import with_choices

        return with_choices(lesson, self._chosen.get(lesson.name, ()))

    def _choose(self, lesson: Lesson) -> None:
        """Ask for other values that the lesson begins with."""
        from engine.lessons.choosing import with_choices
        from tui.lessons.leading import words_of

        if not lesson.given:
            self.app.commands.say("This lesson begins with nothing that could be chosen")
            return

        def judge(text: str) -> str:
            with_choices(lesson, words_of(text))
            return "begins with these; values of the lesson's own for those that are left out"

        def go(text: str) -> None:
            self._chosen[lesson.name] = tuple(words_of(text))
            self._tell()

        now = self._with_choices(lesson).given
        value = shlex.join(f"{name}={value}" for name, value in now.items())
        self.app.commands.ask_line(f"{safe(lesson.title, 80)} begins with", value, "choose", judge, go)

    def _reset(self, lesson: Lesson) -> None:
        school = self.app.commands.school

        async def work(_: Report) -> str:
            await school.reset(lesson.name)
            return "begins at its first step again"

        def go() -> None:
            command = f"lamina lab reset {lesson.name}"
            number = self.app.bridge.do(f"reset the lesson {lesson.title}", command, work)
            self.app.commands.after[number] = self.read

        self.app.commands.ask(
            f"Begin {safe(lesson.title, 80)} anew?",
            ("How far you are is forgotten.", "What a lesson that was killed left is removed."), "reset", go,
        )  # fmt: skip
