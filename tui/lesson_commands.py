"""Lessons: opened, begun, ended; one at a time, and never left behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.actions import Context
from tui.command_base import CommandBase
from tui.text import safe
from tui.updates import LessonKnown

if TYPE_CHECKING:
    from engine.lessons.models import Lesson
    from tui.app import Lamina
    from tui.lessons.course import Course
    from tui.lessons.links import Way
    from tui.lessons.school import School
    from tui.lessons.teacher import Teacher

_PROJECTED = {"dark": "contrast-dark", "light": "contrast-light"}


class LessonCommands(CommandBase):
    """What the lessons' verbs do.

    :ivar school: where lessons come from; tests give another.
    :ivar teacher: of the lesson that was begun last; None until there was one.
    :ivar projected: whether lessons are drawn for a hall.
    """

    def __init__(self, app: Lamina) -> None:
        super().__init__(app)
        self._school: School | None = None
        self.teacher: Teacher | None = None
        self.lesson_task = 0
        self.projected = False
        self._theme_before = ""

    def lesson_verbs(self) -> dict[str, Callable[[Context], None]]:
        """By id of the verb, what does it."""
        return {
            "lessons": lambda _: self.open_lessons(),
            "glossary": lambda _: self.open_glossary(),
            "projector": lambda _: self._project(),
        }

    @property
    def school(self) -> School:
        """Where lessons come from."""
        if self._school is None:
            from tui.lessons.school import OwnSchool

            self._school = OwnSchool(self.app.settings)
        return self._school

    @school.setter
    def school(self, school: School) -> None:
        self._school = school

    def open_lessons(self) -> None:
        """The list of lessons."""
        from tui.screens.lessons import Lessons

        self.app.push_screen(Lessons())

    def open_glossary(self, word: str = "") -> None:
        """The words of the field, the cursor on one of them."""
        from tui.screens.glossary import Glossary

        self.app.push_screen(Glossary(word))

    # a lesson under way

    @property
    def is_teaching(self) -> bool:
        """Whether a lesson is under way, and not only being cleared away."""
        teacher = self.teacher
        return teacher is not None and not teacher.is_ending and not teacher.course.ended

    def begin(self, lesson: Lesson, first: int, auto: bool = False) -> None:
        """Start a lesson at a step, and show it."""
        from tui.lessons.teacher import Teacher
        from tui.screens.lesson import LessonScreen

        def tell(course: Course) -> None:
            if self.teacher is teacher:
                self.app.bridge.tell(LessonKnown(course))

        teacher = Teacher(self.school, lesson, first, tell, auto=auto, before=self.teacher)
        self.teacher = teacher
        self.app.state.apply([LessonKnown(teacher.course)])
        command = f"lamina lab start {safe(lesson.name)}" + (f" --from {first}" if first > 1 else "")
        self.lesson_task = self.app.bridge.do(
            f"lesson {lesson.title}", command, teacher.work, cancellable=True, steps=True
        )
        self.app.push_screen(LessonScreen())

    def end_lesson(self) -> None:
        """End the lesson under way; what it made is removed while one goes on."""
        if self.teacher is not None and not self.teacher.end():
            self.app.bridge.cancel(self.lesson_task)

    async def close_lesson(self) -> None:
        """End it before the program ends, and wait until all is removed."""
        if self.teacher is not None:
            self.end_lesson()
            await self.teacher.wait()

    def may_leave(self, then: Callable[[], None]) -> bool:
        """Whether no lesson is under way; else asks first, and does `then` after a yes."""
        course = self.app.state.course
        if not self.is_teaching or course is None:
            return True

        def leave() -> None:
            self.end_lesson()
            self._leave_screens()
            then()

        if course.finished:
            leave()
            return False
        kept = sum(page.state == "done" for page in course.pages)
        again = f"Step {kept + 1} is where you go on later." if kept else "It begins at its first step again."
        lines = ("Its store is removed, with all that it made.", again)
        self.ask(f"Leave the lesson {safe(course.title, 80)}?", lines, "leave", leave)
        return False

    def is_cleared(self, then: Callable[[], None]) -> bool:
        """Whether nothing is left of a lesson that was ended; else says so, and does `then` when it is so."""
        teacher = self.teacher
        if teacher is None or teacher.is_over:
            return True

        self.say("Removing what the lesson made…", "then Lamina leaves")
        self.app.bridge.ask(
            "lesson-clearing", "remove what the lesson made", "", teacher.wait, lambda _: then()
        )
        return False

    def _leave_screens(self) -> None:
        """Go back to where the lesson was begun."""
        from tui.screens.lesson import LessonScreen

        while any(isinstance(screen, LessonScreen) for screen in self.app.screen_stack):
            self.app.pop_screen()

    # words

    def follow(self, way: Way) -> None:
        """Go to where a word is to be seen; from a lesson only after a question."""
        if way.kind == "command":
            self.copy(way.what)
        elif self.may_leave(lambda: self.follow(way)):
            self._go(way)

    def _go(self, way: Way) -> None:
        if way.kind == "lesson":
            self._go_to_lesson(way.what)
            return
        self.leave_to_bench()
        bench = self.bench
        if way.kind == "panel":
            bench.focus_panel(int(way.what))
        elif way.kind == "key":
            self._press(way.what)
        elif way.of_container and not self.app.state.containers:
            bench.containers.focus()
            self.say(f"The tab {way.what} shows it, once there is a container", "R runs an image")
        else:
            (bench.containers if way.of_container else bench.images).select_current()
            bench.inspector.focus()
            if way.what in bench.inspector.names:
                bench.inspector.open_tab(way.what)

    def _press(self, key: str) -> None:
        from tui.actions import ACTIONS

        item = next((each for each in ACTIONS if each.shown == key and "workbench" in each.screens), None)
        if item is not None:
            self.app.commands.do(item.id)

    def _go_to_lesson(self, name: str) -> None:
        from tui.screens.lessons import Lessons

        board = self.board
        if isinstance(board, Lessons):
            board.choose(name)
        else:
            self.app.push_screen(Lessons(name))

    # for a hall

    def _project(self) -> None:
        """Large and high in contrast, or as it was."""
        self.projected = not self.projected
        theme = self.app.palette.theme
        if self.projected:
            self._theme_before = theme.name
            self._use(_PROJECTED[theme.kind])
        else:
            self._use(self._theme_before)
        for screen in self.app.screen_stack:
            screen.set_class(self.projected, "-projected")
        self.app.call_after_refresh(self.app.state.changed, {"lesson"})

    @property
    def usual_theme(self) -> str:
        """The theme to begin with the next time: not that of the hall."""
        return self._theme_before if self.projected else self.app.palette.theme.name

    def _use(self, name: str) -> None:
        if name in self.app.themes:
            self.app.use_theme(name)
