"""The lesson under way: what the learner's keys do in it."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from textual import on
from textual.widgets import Input

from engine.errors import InvalidArgument
from tui.screens.lesson_board import LessonBoard
from tui.widgets.typing_line import TypingLine


class LessonScreen(LessonBoard):
    """The verbs of a lesson; each is a wish to its teacher."""

    def perform(self, action_id: str) -> None:
        """Do a verb of this screen."""
        verbs: dict[str, Callable[[], None]] = {
            "open": self._go,
            "back": self._leave,
            "next": self._turn,
            "previous": self._turn,
            "copy": self._copy,
            "lesson_auto": lambda: self._want("auto"),
            "lesson_type": self._type,
            "lesson_hint": self._hint,
            "lesson_step(1)": self._on,
            "lesson_step(-1)": self._back,
            "lesson_one": lambda: self._want("one"),
            "lesson_look": lambda: self._want("look"),
            "lesson_outputs": self._show_outputs,
            "lesson_stop": self._stop,
            "lesson_shell": self._shell,
            "lesson_pace(1)": lambda: self._pace(1),
            "lesson_pace(-1)": lambda: self._pace(-1),
        }
        verbs[action_id]()

    def _want(self, kind: str, text: str = "") -> None:
        """Have the teacher do something, unless he is at something else."""
        from tui.lessons.teacher import Wish

        course, teacher = self.course, self.app.commands.teacher
        if teacher is None or course.ended:
            self.app.commands.say("The lesson is over", "Esc leaves it")
        elif course.busy and kind not in ("auto", "pace"):
            self.app.commands.say(f"Under way: {course.busy}", "X stops it")
        elif course.page is not None or kind == "auto":
            self.looking_back = None
            teacher.want(Wish(kind, text))  # type: ignore[arg-type]  # the kinds that verbs above name

    def _go(self) -> None:
        """What Enter does: explain the word under the cursor, else go on with the lesson."""
        page = self.page
        if self.term:
            self.app.commands.open_glossary(self.term)
        elif self.looking_back:
            self.looking_back = None
            self._draw()
        elif self.course.ended or (self.course.finished and page is not None and page.state == "done"):
            self._leave()
        else:
            self._want("go")

    def _leave(self) -> None:
        if self.looking_back:
            self.looking_back = None
            self._draw()
        elif self.app.commands.may_leave(lambda: None):
            self.app.pop_screen()

    def _turn(self) -> None:
        (self.reading if self.working.has_focus else self.working).focus()

    def _copy(self) -> None:
        if self.command is not None:
            self.app.commands.copy(self.command)

    def _hint(self) -> None:
        self.hinted = not self.hinted
        self.working.focus()
        self._draw()

    def _show_outputs(self) -> None:
        self.outputs = not self.outputs
        self._draw()

    # steps

    def _on(self) -> None:
        """One step on: of those that were read again, or of the lesson."""
        last = self.course.page
        if self.looking_back is None or last is None:
            if self.course.finished:
                self.app.commands.say("This is the last step", "Esc leaves the lesson")
            else:
                self._want("next")
            return
        self.looking_back = self.looking_back + 1 if self.looking_back + 1 < last.number else None
        self._draw()

    def _back(self) -> None:
        page = self.page
        if page is None or page.number == 1:
            self.app.commands.say("This is the first step")
            return
        self.looking_back = page.number - 1
        self.reading.to_top()
        self.working.to_top()
        self._draw()

    def _stop(self) -> None:
        teacher = self.app.commands.teacher
        if self.course.busy and self.course.page is not None and teacher is not None:
            teacher.stop()
        else:
            self.app.commands.say("Nothing is under way")

    def _pace(self, by: int) -> None:
        if self.course.auto:
            self._want("pace", str(by))
        else:
            self.app.commands.say("It waits for you", "a has it go on by itself")

    # commands of one's own

    def _shell(self) -> None:
        if self.course.store:
            self.app.commands.copy(f"export LAMINA_ROOT={shlex.quote(self.course.store)}")

    def _type(self) -> None:
        self.set_class(True, "-typing")
        self.typing.open()

    @on(TypingLine.Left)
    def _typed_nothing(self) -> None:
        self.set_class(False, "-typing")
        self.working.focus()

    @on(Input.Submitted, "#typing")
    def _typed(self, event: Input.Submitted) -> None:
        from tui.lessons.leading import typed_words

        event.stop()
        text = event.value.strip().removeprefix("lamina ").strip()  # the whole command may have been pasted
        text = text if text.startswith("lamina ") else f"lamina {text}".strip()
        try:
            typed_words(text)
        except InvalidArgument as error:
            self.app.commands.say(error.message, bad=True)
            return
        self.typing.last = text
        self._typed_nothing()
        self._want("typed", text)
