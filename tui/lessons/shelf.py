"""The list of lessons, and one of them in full, as plain rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.lessons.pages import Lines, Look
from tui.lessons.prose import wrapped
from tui.text import count, safe
from tui.widgets.columns import Column, Row, Span, Spans, cell

if TYPE_CHECKING:
    from engine.lessons.models import Lesson
    from tui.lessons.school import Shelf

COLUMNS = (
    Column(1), Column(3, right=True, gap=1), Column(24, most=4096, grow=2),
    Column(44, most=4096, grow=3, drop=1), Column(5, right=True),
)  # fmt: skip
EMPTY = ("", "There are no lessons.")
_FAULT = "fault:"


def shelf_rows(shelf: Shelf) -> list[Row]:
    """A row for each lesson, in their order; then files that are none."""
    rows = [_row(number, lesson, shelf) for number, lesson in enumerate(shelf.lessons, 1)]
    for number, fault in enumerate(shelf.faults):
        said = safe(fault.message)
        cells = (cell("✗", "bad"), cell(""), cell("no lesson", "bad"), cell(said, "muted"), cell(""))
        rows.append(Row(f"{_FAULT}{number}", cells, said.lower()))
    return rows


def _row(number: int, lesson: Lesson, shelf: Shelf) -> Row:
    steps, done = len(lesson.steps), min(shelf.done.get(lesson.name, 0), len(lesson.steps))
    mark: Span = ("✓", "good") if done == steps else ("▸", "accent") if done else ("○", "muted")
    title, about = safe(lesson.title, 200), safe(lesson.about, 400)
    cells = (
        (mark,), cell(str(lesson.order if lesson.ours else number), "muted"), cell(title),
        cell(about, "muted"), cell(f"{done}/{steps}", "muted" if not done else "text"),
    )  # fmt: skip
    return Row(lesson.name, cells, f"{lesson.name} {title} {about}".lower())


def about(lesson: Lesson, shelf: Shelf, width: int) -> list[Row]:
    """What a lesson is about, its steps, and the words that it explains."""
    lines = Lines(Look(width))
    done = min(shelf.done.get(lesson.name, 0), len(lesson.steps))
    lines.prose(wrapped([(safe(lesson.about), "text")], width))
    lines.gap()
    lines.prose([_standing(lesson, done)])
    if lesson.given:
        lines.heading("Begins with")
        chosen = " · ".join(f"{name}={value}" for name, value in lesson.given.items())
        lines.prose(wrapped([(safe(chosen), "text"), (" · c chooses", "muted")], width))
    lines.heading("Steps")
    for number, step in enumerate(lesson.steps, 1):
        mark: Span = (
            ("✓", "good") if number <= done else ("▸", "accent") if number == done + 1 else ("○", "muted")
        )
        lines.add((mark, (f" {number}  {safe(step.title, 200)}", "text")))
    words = ", ".join(term.name for step in lesson.steps for term in step.terms)
    if words:
        lines.heading("Words it explains")
        lines.prose(wrapped([(safe(words), "muted")], width))
    if not lesson.ours:
        lines.heading("A lesson of your own")
        lines.prose(wrapped([(safe(str(lesson.path)), "muted")], width))
    return lines.rows


def _standing(lesson: Lesson, done: int) -> Spans:
    steps = count(len(lesson.steps), "step")
    if not done:
        return ((f"{steps}. Enter starts it, and nothing of it stays.", "muted"),)
    if done == len(lesson.steps):
        return (("✓ ", "good"), (f"All {steps} are done. Enter starts it again.", "muted"))
    return (
        ("▸ ", "accent"),
        (f"{done} of {steps} done. Enter does those again for you, and goes on.", "muted"),
    )


def fault_about(shelf: Shelf, key: str, width: int) -> list[Row]:
    """What is wrong with a file that is no lesson, and what helps."""
    fault = shelf.faults[int(key.removeprefix(_FAULT))] if key.startswith(_FAULT) else None
    if fault is None:
        return []
    lines = Lines(Look(width))
    lines.prose(wrapped([(safe(fault.message), "bad")], width))
    if fault.hint:
        lines.gap()
        lines.prose(wrapped([(safe(fault.hint), "muted")], width))
    return lines.rows
