"""A lesson on the screen: what to read on the left, what is done and seen on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical

from tui.actions import Context, Place, ScreenName
from tui.lessons.course import Course, StepPage
from tui.lessons.pages import WHOLE, Look, progress, reading, working
from tui.lessons.prose import wrapped
from tui.screens.board import Board, bindings_of
from tui.state import Topics
from tui.text import safe
from tui.trail import Spot
from tui.widgets.columns import Row, Span
from tui.widgets.filter import Filterable
from tui.widgets.lines import TooSmall
from tui.widgets.reading import ReadingList
from tui.widgets.rows import RowList
from tui.widgets.typing_line import TypingLine

if TYPE_CHECKING:
    from textual import events

_TWO_COLUMNS = 110
_PORTRAIT = 50  # lines from which both pages have room one above the other
_FRAME = 4  # cells of a page's border and padding
_OPENING = "A store of its own is made, and the sample images of the lab with it. Nothing of it stays."


class LessonBoard(Board):
    """The two pages of the step one is at, or of one before."""

    NAME: ClassVar[ScreenName] = "lesson"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("lesson")
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self.reading = ReadingList(id="reading")
        self.working = ReadingList(id="working")
        self.typing = TypingLine()
        self.outputs = self.hinted = False
        self.looking_back: int | None = None  # the number of an earlier step that is read again
        self._stood: tuple[int, bool, bool] = (0, False, False)
        self._is_new = False  # something was found that nobody has seen yet

    def compose(self) -> ComposeResult:
        """Both pages."""
        yield self.header
        with Container(id="inside"):
            with Vertical(id="inside-left"):
                yield self.reading
            with Vertical(id="inside-right"):
                yield self.working
        yield self.keys
        yield self.typing
        yield self.filter_line
        yield TooSmall(id="small")

    def on_mount(self) -> None:
        """Listen to how the lesson stands."""
        self.set_class(self.app.commands.projected, "-projected")
        self.app.state.listen(self._heard)
        self._arrange(*self.app.size)  # before the first line is drawn
        self.reading.focus()
        self._draw()

    def on_unmount(self) -> None:
        """Listen no longer; whatever took the screen away, the lesson ends with it."""
        self.app.state.forget(self._heard)
        if self.app.commands.is_teaching:
            self.app.commands.end_lesson()

    def on_resize(self, event: events.Resize) -> None:
        """Pages beside each other, one above the other, or one at a time."""
        self.measure(*event.size)
        self._arrange(*event.size)
        self.call_after_refresh(self._draw)

    def _arrange(self, width: int, height: int) -> None:
        portrait = width < _TWO_COLUMNS and height >= _PORTRAIT
        self.set_class(portrait, "-portrait")
        self.set_class(width < _TWO_COLUMNS and not portrait, "-narrow")
        self.show_one()

    @property
    def one_page(self) -> bool:
        """Whether there is room for one page alone."""
        return self.has_class("-narrow") or self.has_class("-projected")

    def show_one(self) -> None:
        """Where only one page is shown, it is the one with focus."""
        self.set_class(self.one_page and self.working.has_focus, "-right")
        self.set_class(self.one_page, "-one")

    # how it stands

    @property
    def course(self) -> Course:
        """The lesson."""
        course = self.app.state.course
        assert course is not None
        return course

    @property
    def page(self) -> StepPage | None:
        """The step that is shown."""
        pages = {page.number: page for page in self.course.pages}
        return pages.get(self.looking_back or 0, self.course.page)

    def _heard(self, topics: Topics) -> None:
        if "lesson" in topics:
            self._follow()
            self._draw()

    def _follow(self) -> None:
        """A new step is read first; what is done and found in it is looked at then."""
        page = self.course.page
        if page is None:
            return
        begun = any(deed.state != "waiting" for deed in page.deeds)
        stood, self._stood = self._stood, (page.number, begun, page.looked)
        if page.number != stood[0]:
            self.looking_back, self.hinted, self.outputs = None, False, False
            self.reading.to_top()
            self.working.to_top()
            if not self.typing.has_focus:
                self.reading.focus()
        elif stood != self._stood and (page.looked or (begun and self.one_page)):
            self._is_new = page.looked
            if not self.typing.has_focus:
                self.working.focus()

    def _draw(self) -> None:
        self.show_one()
        page, course = self.page, self.course
        large = self.has_class("-projected")
        if page is None:
            self._draw_opening(course)
        else:
            look = Look(self._width(self.reading), large)
            self.reading.show(WHOLE, reading(page, look))
            look = Look(self._width(self.working), large, self.outputs, self.hinted)
            self.working.show(WHOLE, working(page, course, look))
        self._reveal()
        self._entitle()
        self.say_keys()

    def _width(self, rows: RowList) -> int:
        """Cells of a page; of one that is hidden or new those that it will have."""
        width = rows.content_size.width or (self.app.size.width - _FRAME if self.one_page else 0)
        if self.one_page:
            width = max(width, self.reading.content_size.width, self.working.content_size.width)
        return max(20, width)

    def _draw_opening(self, course: Course) -> None:
        """What the lesson is about while its store is made, and what went wrong with that."""
        trouble, hint = course.trouble
        words: list[Span] = [(_OPENING, "muted")]
        if trouble:
            words = [(safe(trouble), "bad"), (f" · {safe(hint)}" if hint else "", "muted")]
        about: list[Span] = [(safe(course.about), "text")]
        width = min(84, self._width(self.reading))
        lines = [*wrapped(about, width), (), *(wrapped(words, width) if self.one_page else ())]
        self.reading.show(WHOLE, [Row(str(n), (line,)) for n, line in enumerate(lines)])
        lines = wrapped(words, min(84, self._width(self.working)))
        self.working.show(WHOLE, [Row(str(n), (line,)) for n, line in enumerate(lines)])

    def _reveal(self) -> None:
        """Of what was just found, show the picture and the text below it, not the commands above."""
        if not self._is_new:
            return
        self._is_new = False
        keys = [row.key for row in self.working.rows]
        pictures = [i for i, key in enumerate(keys) if key.startswith("picture-")]
        told = [i for i, key in enumerate(keys) if key.startswith("after-")]
        top = max(0, max(told, default=0) - self.working.room + 1)
        # Where it goes on by itself nobody scrolls to the end of a picture that is too high.
        self.working.show_from(top if self.course.auto else min([top, *pictures[:1]]))

    # borders

    def _entitle(self) -> None:
        page, course = self.page, self.course
        title: list[Span] = [(" Lamina", "accent bold"), (f"  {safe(course.title, 80)}", "text")]
        auto = f"unattended ×{course.speed:g}  " if course.auto else ""
        state = [*self._state(), ("  ", "text")] if self.has_class("-projected") else []
        right: list[Span] = [*state, (auto, "warn"), *progress(course), (" ", "text")]
        self.header.say((title, right), (title, [*progress(course)[-1:], (" ", "text")]), (title, []))
        number = f"{page.number}  " if page is not None else ""
        name = safe(page.title if page is not None else course.title, 120)
        back: tuple[Span, ...] = (("read again", "warn"),) if self.looking_back else ()
        if page is None:
            back = self._state()
        elif self.one_page:
            back = (*back, (" · " if back else "", "muted"), ("Tab: do and see", "muted"))
        if place := self.reading.place:
            back = (*back, (" · " if back else "", "muted"), (place, "muted"))
        self.reading.entitle(((number, "muted"), (name, "text")), back)
        self.working.entitle((("Do and see", "text"),), self._state())

    def _state(self) -> tuple[Span, ...]:
        course, page = self.course, self.page
        if course.ended:
            return (("ended", "muted"),)
        if course.busy:
            return ((safe(course.busy, 200), "accent"),)
        if course.trouble[0]:
            return ((safe(course.trouble[0], 200), "bad"),)
        if page is None:
            return ()
        words: dict[str, Span] = {"done": ("done ✓", "good"), "undone": ("not done ✗", "bad")}
        waiting: Span = ("goes on by itself" if course.auto else "waiting for you", "muted")
        place = self.working.place
        more: tuple[Span, ...] = ((f" · {place}", "muted"),) if place else ()
        return (words.get(page.state, waiting), *more)

    # where the person stands

    @property
    def term(self) -> str:
        """The word under the cursor of the page that is read, or ""."""
        key = self.reading.key or ""
        return key.split(":")[1] if self.reading.has_focus and key.startswith("term:") else ""

    @property
    def command(self) -> str | None:
        """The command under the cursor, else the next of the step, else its last."""
        page, working = self.page, self.working
        if working.has_focus and working.key is not None and working.rows[working.cursor].full:
            return working.rows[working.cursor].full
        commands = [deed for deed in page.deeds if deed.is_command] if page is not None else []
        left = [deed.text for deed in commands if deed.state in ("waiting", "failed")]
        return next(iter([*left, *(deed.text for deed in reversed(commands))]), None)

    @property
    def context(self) -> Context:
        """The page with focus; the command is what is copied."""
        inside = (self.course.name,)
        place: Place = "working" if self.working.has_focus else "reading"
        return Context(place, self.app.state, screen=self.NAME, path=self.command, inside=inside)

    @property
    def spot(self) -> Spot | None:
        """One does not come back to a lesson that is over."""
        return None

    @property
    def filtered(self) -> Filterable | None:
        """Pages are read, not filtered."""
        return None

    def on_descendant_focus(self) -> None:
        """The keys are those of the page with focus."""
        self.show_one()
        self.say_keys()
        self.call_after_refresh(self._entitle)  # how much is seen of a page that was hidden

    @on(RowList.Moved)
    def _moved(self, event: RowList.Moved) -> None:
        if isinstance(event, RowList.Chosen):
            self.perform("open")
        else:
            self._entitle()
            self.say_keys()

    def say_keys(self) -> None:
        """Enter says what it does now."""
        auto = {"lesson_auto": "pause"} if self.course.auto else {}
        self.offer({"open": self._enter(), **auto})

    def _enter(self) -> str:
        page, course = self.page, self.course
        if self.term:
            return f"about {safe(self.term, 30)}"
        if self.looking_back:
            return "back to where you are"
        if course.ended or page is None:
            return "leave" if course.ended else ""
        if page.state == "done":
            return "leave" if course.finished else "next step"
        return "do it for me" if page.deeds else "look"
