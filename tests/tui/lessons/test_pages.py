"""A step of a lesson as rows."""

from __future__ import annotations

from engine.lessons.events import Acted, Picture, Span, Underway
from tui.lessons.course import Course, Deed, StepPage, did
from tui.lessons.pages import Look, working

PAGE = StepPage(1, "Watch", "Watch it.", (), (Deed("Watch it", "doing"), Deed("lamina ps")))
COURSE = Course("limits", "Limits", "", ("Watch",))


def drawn(page: StepPage) -> list[str]:
    """The lines of what there is to do."""
    cells = [cell for row in working(page, COURSE, Look(80)) for cell in row.cells]
    return ["".join(text for text, _ in cell) for cell in cells if isinstance(cell, tuple)]


def sketch(text: str) -> Underway:
    return Underway(1, "watch", Picture("plot", "Memory", ((Span(text),),)))


def test_what_goes_on_is_drawn_in_place_of_what_was() -> None:
    page = did(did(PAGE, 0, sketch("early"), True), 0, sketch("late"), True)
    lines = drawn(page)
    assert "late" in lines
    assert "early" not in lines
    assert lines.index("late") < next(i for i, line in enumerate(lines) if "lamina ps" in line)


def test_what_went_on_is_drawn_no_more_when_it_is_over() -> None:
    page = did(did(PAGE, 0, sketch("late"), True), 0, Acted(1, "watch", "12 samples", 1.0), True)
    assert "late" not in drawn(page)
    assert any("12 samples" in line for line in drawn(page))
