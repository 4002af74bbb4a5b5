"""Activity: what is under way, what happened, and the command that would do the same."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from tui.actions import Place
from tui.panels.base import Panel
from tui.state import State, Topics
from tui.text import safe, size, width_of
from tui.updates import Task
from tui.widgets.columns import Cell, Column, Row, Span, Spans, cell

_EMPTY = ("What you do appears here, with the command that would do the same.",)
_MARKS = {
    "running": ("▸", "accent"),
    "done": ("✓", "good"),
    "failed": ("✗", "bad"),
    "cancelled": ("○", "muted"),
}


class Activity(Panel):
    """Actions, those under way first, then the newest."""

    TOPICS: ClassVar[Topics] = frozenset({"tasks"})
    NUMBER: ClassVar[int] = 5
    PLACE: ClassVar[Place] = "activity"

    def __init__(self, state: State) -> None:
        super().__init__(state, quiet_cursor=True)

    def update(self) -> None:
        """Draw the tasks the state knows."""
        tasks = sorted(self.state.tasks.values(), key=lambda task: (task.state != "running", -task.id))
        widest = max([14, *(width_of(safe(task.what)) for task in tasks)])
        outcomes = [sum(width_of(text) for text, _ in outcome(task)) for task in tasks]
        columns = (
            Column(1),
            Column(8, drop=2, gap=1),
            Column(14, most=min(44, widest), grow=2, cut="middle"),
            Column(16, most=max([16, *outcomes]), grow=3),
            Column(12, most=4096, grow=1, drop=1, right=True),
        )
        stay = self.has_focus
        self.show(columns, [_row(task) for task in tasks], _EMPTY)
        if not stay:
            self.cursor = self.top = 0
            self.repaint()
        self.update_head()

    def update_head(self) -> None:
        """Say how much is under way."""
        running = len(self.state.running_tasks)
        state = ((f"{running} under way ", "accent"),) if running else ()
        self.head("Activity", state=(*state, *self.shown_place()))


def _row(task: Task) -> Row:
    clock = f"{datetime.fromtimestamp(task.started).astimezone():%H:%M:%S}"
    cells: tuple[Cell, ...] = (
        (_MARKS[task.state],),
        cell(clock, "muted"),
        cell(safe(task.what)),
        outcome(task),
        cell(safe(task.command), "muted"),
    )
    return Row(str(task.id), cells)


def outcome(task: Task) -> Spans:
    """How far a task is, or what came of it and what to do next."""
    note, hint = safe(task.note), safe(task.hint)
    if task.state == "running":
        return _progress(task, note)
    if task.state == "failed":
        advice: tuple[Span, ...] = ((f" · {hint}", "muted"),) if hint else ()
        return ((note, "bad"), *advice)
    return cell(note, "muted" if task.state == "cancelled" else "text")


def _progress(task: Task, note: str) -> Spans:
    if not task.total:
        return cell(note or task.meanwhile or "under way…", "muted")
    if task.unit == "steps":
        return ((f"{task.done} of {task.total} ", "accent"), (note, "muted"))
    return ((f"{size(task.done)} of {size(task.total)}", "accent"), (f" {note}", "muted"))
