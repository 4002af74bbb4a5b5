"""A step of a lesson as rows."""

from __future__ import annotations

from dataclasses import replace

from engine.lessons.events import Acted, Checked, Measured, Picture, Span, Underway
from engine.lessons.figures import Figure, Unit
from engine.lessons.models import Term
from tui.lessons.course import Course, Deed, StepPage, did
from tui.lessons.pages import Look, progress, reading, working

PAGE = StepPage(1, "Watch", "Watch it.", (), (Deed("Watch it", "doing"), Deed("lamina ps")))
WIDE = Look(80)
COURSE = Course("limits", "Limits", "", ("Watch",))


def drawn(page: StepPage, look: Look = WIDE) -> list[str]:
    """The lines of what there is to do."""
    cells = [cell for row in working(page, COURSE, look) for cell in row.cells]
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


def test_blank_end_of_a_picture_takes_no_room() -> None:
    page = replace(PAGE, pictures=(Picture("table", "Sizes", ((Span("ten   "), Span("   ")),)),))
    assert "ten" in drawn(page)


def test_what_a_check_found_is_told_once() -> None:
    found = Checked(1, "container_is_gone", True, "there is no lab-one")
    assert drawn(replace(PAGE, standing=(found, found, None))).count("✓ there is no lab-one") == 1


def test_outputs_give_way_to_a_picture_and_come_back_when_asked_for() -> None:
    deed = Deed("lamina ps", "done", "", ("NAMES",), 1.0)
    page = replace(PAGE, deeds=(deed,), pictures=(Picture("table", "Sizes", ()),), looked=True)
    assert "  NAMES" not in drawn(page)
    assert "  NAMES" in drawn(page, Look(80, outputs=True))


def test_projector_leaves_small_print_out() -> None:
    page = replace(
        PAGE, looked=True, standing=(Checked(1, "same", True, "both are 1"),),
        figures=(Measured(1, "web.size", Figure(12, Unit.BYTES)),),
    )  # fmt: skip
    assert "web.size  12 B" in drawn(page)
    large = drawn(page, Look(80, large=True))
    assert "web.size  12 B" not in large
    assert "✓ all that was checked holds" in large
    assert large[0] == "1  Watch"


def test_words_are_explained_below_the_text() -> None:
    image = Term("image", "Files and settings.", "lamina images")
    rows = reading(replace(PAGE, text="An image.", terms=(image,)), Look(40))
    assert [row.key for row in rows if ":" in row.key] == ["term:image:0", "term:image:1"]
    shown = [
        "".join(text for text, _ in cell) for row in rows for cell in row.cells if isinstance(cell, tuple)
    ]
    assert "→ lamina images" in " ".join(map(str.strip, shown))


def test_mark_for_each_step_says_how_it_stands() -> None:
    course = replace(
        COURSE, steps=("a", "b", "c"), pages=(replace(PAGE, state="done"), replace(PAGE, number=2))
    )
    assert "".join(text for text, _ in progress(course)) == "✓▸○ step 2 of 3"
