"""A step of a lesson as rows: what there is to read on the left, what is done and seen on the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from engine.lessons.events import Checked, Picture
from engine.lessons.events import Span as PictureSpan
from engine.lessons.figures import seconds
from tui.lessons.course import Course, Deed, StepPage
from tui.lessons.links import ways
from tui.lessons.prose import paragraphs, wrapped
from tui.text import safe
from tui.widgets.columns import Column, Row, Span, Spans

WHOLE = (Column(1, most=9999, grow=1),)
"""The one column of these pages."""

_PROSE = 84  # cells of a line that is read with ease
_OUTPUT = 12  # lines of what a command wrote while its step is under way
_LONGEST_CHECK = 150  # characters of what a check found
_FELT = 0.05  # seconds from which it is said how long something took
_MARKS: dict[str, Span] = {
    "waiting": ("○", "muted"),
    "doing": ("▸", "accent"),
    "done": ("✓", "good"),
    "failed": ("✗", "bad"),
    "skipped": ("·", "warn"),
}
_STEP_MARKS: dict[str, Span] = {"done": ("✓", "good"), "undone": ("✗", "bad"), "open": ("▸", "accent bold")}


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is to be drawn.

    :param width: cells of a line. :param large: for a projector: bold, wide spaced, without small print.
    :param outputs: what commands wrote is shown even where a picture tells it. :param hint: it was asked for.
    """

    width: int
    large: bool = False
    outputs: bool = False
    hint: bool = False

    @property
    def ink(self) -> str:
        """What prose is drawn in."""
        return "text bold" if self.large else "text"

    @property
    def prose(self) -> int:
        """Cells of a line of prose."""
        return max(10, min(self.width, _PROSE))


class Lines:
    """Rows of one page; each has a key, and those that stand for something say for what."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.rows: list[Row] = []
        self._numbers = count()

    def add(self, spans: Spans, key: str = "", full: str = "") -> None:
        """One line. :param key: what it stands for; :param full: what is copied of it."""
        self.rows.append(Row(key or f"line-{next(self._numbers)}", (spans,), full=full))

    def gap(self) -> None:
        """An empty line, between what belongs together and the next."""
        if self.rows and self.rows[-1].cells != ((),):
            self.add(())

    def prose(self, lines: Sequence[Spans], key: str = "") -> None:
        """Lines of prose; on a projector with room between them."""
        for number, line in enumerate(lines):
            if number and self.look.large:
                self.add(())
            self.add(line, f"{key}{number}" if key else "")

    def heading(self, words: str, key: str = "") -> None:
        """What the next lines are."""
        self.gap()
        self.add(((words, "accent"),), f"{key}{len(self.rows)}" if key else "")


def reading(page: StepPage, look: Look) -> list[Row]:
    """The text of a step, and each word that it uses for the first time, explained, with where it is shown.

    Rows of words have the key `term:NAME:LINE`.
    """
    lines = Lines(look)
    if look.large:
        _named(lines, page)
    lines.prose(paragraphs(page.text, look.prose, page.terms, look.ink, quotes=look.large))
    for term in page.terms:
        lines.gap()
        name = safe(term.name, 80)
        said: list[Span] = [
            (name, "accent bold"),
            (f" · {safe(term.means)}", look.ink if look.large else "muted"),
            (f" → {safe(_shown_by(term.see), 80)}", "accent"),
        ]
        lines.prose(wrapped(said, look.prose, indent=2), f"term:{term.name}:")
    return lines.rows


def _shown_by(see: str) -> str:
    """Where a word is to be seen, the first way of the screen."""
    way = next(iter(ways(see)), None)
    if way is None:
        return "9"
    return way.what if way.kind == "command" else f"{way.kind} {way.what}"


def working(page: StepPage, course: Course, look: Look) -> list[Row]:
    """What there is to do in a step, how far it is, and what is to be seen of it.

    Rows of things to do have the key `deed:NUMBER:LINE`, and what is copied of them in `full`.
    """
    lines = Lines(look)
    if look.large:
        _named(lines, page)
    if page.deeds:
        lines.heading("To do" if page.next_deed is not None else "Done")
    talks = look.outputs or not page.pictures
    last = max((i for i, deed in enumerate(page.deeds) if deed.output), default=-1)
    for index, deed in enumerate(page.deeds):
        shown = talks and bool(deed.output) and (page.looked or look.outputs or index == last)
        _deed(lines, deed, f"deed:{index}", shown)
    if page.tried and not page.looked:
        lines.heading("You also tried")
        for index, deed in enumerate(page.tried):
            _deed(lines, deed, f"tried:{index}", index == len(page.tried) - 1)
    for missing in page.missing:
        lines.gap()
        words = f"Not on this machine: {safe(missing.why)}. {safe(missing.hint)}"
        lines.prose(wrapped([(words, "warn")], look.prose))
    for picture in page.pictures:
        _picture(lines, picture)
    if page.after:
        lines.gap()
        lines.prose(paragraphs(page.after, look.prose, (), look.ink, quotes=look.large), "after-")
    _checks(lines, page)
    if look.hint:
        lines.heading("Hint")
        lines.prose(
            paragraphs(page.hint or "Type the command as it stands, or Enter.", look.prose, (), look.ink)
        )
    _end(lines, course, page)
    if page.figures and not look.large:
        _figures(lines, page)
    return lines.rows


def _named(lines: Lines, page: StepPage) -> None:
    """The step's title: on a projector there is no border that says it."""
    lines.add(((f"{page.number}  {safe(page.title, 120)}", "accent bold"),))
    lines.add(())


def _deed(lines: Lines, deed: Deed, key: str, talks: bool) -> None:
    mark, ink = _MARKS[deed.state]
    command = lines.look.ink if deed.state != "done" else "muted"
    # What an action came to says more than what it was to do.
    is_told = not deed.is_command and deed.state == "done" and bool(deed.said)
    text = safe(deed.said if is_told else deed.text if deed.is_command else _short(deed.text))
    took = f" · {seconds(deed.seconds)}" if deed.state == "done" and deed.seconds >= _FELT else ""
    full = deed.text if deed.is_command else ""
    said: list[Span] = [(mark, ink), (f" {text}", command), (took, "muted")]
    for number, line in enumerate(wrapped(said, lines.look.width, indent=4)):
        lines.add(line, f"{key}:{number}", full)
    for line in wrapped(
        [("" if is_told else safe(deed.said), "bad" if deed.state == "failed" else "muted")],
        lines.look.width - 2,
    ):
        lines.add((("  ", "text"), *line))
    if deed.state == "doing" and deed.sketch is not None:
        _picture(lines, deed.sketch)
        lines.gap()
    if talks:
        most = len(deed.output) if lines.look.outputs else 6 if lines.look.large else _OUTPUT
        for written in deed.output[:most]:
            lines.add((("  ", "text"), (safe(written), "muted")))
        if len(deed.output) > most:
            lines.add(((f"  {len(deed.output) - most} lines more, o shows them", "muted"),))


def _short(text: str) -> str:
    """What an action does, without what follows a semicolon; what it is given stays."""
    said, bracket, given = text.partition("\n")[0].partition(" (")
    return said.partition(";")[0].rstrip(".") + bracket + given


def _picture(lines: Lines, picture: Picture) -> None:
    lines.heading(safe(picture.title, 200), "picture-")
    for line in picture.lines:
        spans = [(safe(span.text, 400), _ink(span)) for span in line]
        while spans and not spans[-1][0].strip():
            spans.pop()
        if spans:
            spans[-1] = (spans[-1][0].rstrip(), spans[-1][1])
        lines.add(tuple(spans))


def _ink(span: PictureSpan) -> str:
    return f"slot{span.slot}" if span.slot is not None else str(span.role)


def _checks(lines: Lines, page: StepPage) -> None:
    known = [check for check in page.standing if check is not None]
    told = {(check.ok, check.said): check for check in known}.values()  # two may find the same
    later = len(page.standing) - len(known)
    if not page.standing:
        return
    if lines.look.large and known and all(check.ok for check in known) and page.looked:
        lines.gap()
        lines.add((("✓ ", "good"), ("all that was checked holds", lines.look.ink)))
        return
    lines.heading("Checked" if page.looked else "As it is now")
    for check in told:
        said = [_check_mark(check, page.looked), (f" {safe(check.said, _LONGEST_CHECK)}", lines.look.ink)]
        for line in wrapped(said, lines.look.width, indent=2):
            lines.add(line)
    if later:
        lines.add((("○ ", "muted"), ("what comes of it is checked then", "muted")))


def _check_mark(check: Checked, is_told: bool) -> Span:
    if check.ok:
        return ("✓", "good")
    return ("✗", "bad") if is_told else ("○", "muted")


def _end(lines: Lines, course: Course, page: StepPage) -> None:
    trouble, hint = course.trouble
    if trouble:
        lines.gap()
        said: list[Span] = [
            ("✗ ", "bad"),
            (safe(trouble), "bad"),
            (f" · {safe(hint)}" if hint else "", "muted"),
        ]
        lines.prose(wrapped(said, lines.look.prose, indent=2))
    if course.finished and page.number == len(course.steps):
        lines.gap()
        words = (
            f"This is the end, after {seconds(course.seconds)}. Esc leaves, and removes what the lesson made."
        )
        lines.prose(wrapped([(words, lines.look.ink)], lines.look.prose))


def _figures(lines: Lines, page: StepPage) -> None:
    lines.heading("Measured")
    wide = max(len(each.name) for each in page.figures)
    for each in page.figures:
        value = safe(str(each.figure), 300)
        lines.add(((f"{safe(each.name, 80):<{wide}}  ", "muted"), (value, "text")), full=value)


def progress(course: Course) -> Spans:
    """A mark for each step: done, not done, where one is, and those to come."""
    return tuple(_progress(course))


def _progress(course: Course) -> Iterator[Span]:
    known = {page.number: page for page in course.pages}
    for number in range(1, len(course.steps) + 1):
        page = known.get(number)
        yield _STEP_MARKS[page.state] if page is not None else ("○", "muted")
    if course.page is not None:
        yield (f" step {course.page.number} of {len(course.steps)}", "muted")
