"""Containers: one row each, with its state as mark, colour and word."""

from __future__ import annotations

from typing import ClassVar

from engine.containers.models import ContainerSummary, Status
from tui.actions import Place
from tui.panels.base import Panel
from tui.state import Subject, Topics
from tui.text import age, safe, width_of
from tui.widgets.columns import Column, Row, Spans, cell

_EMPTY = ("", "No containers. R runs the selected image.")


def mark(container: ContainerSummary) -> Spans:
    """A container's state as one character and its colour."""
    match container.status:
        case Status.RUNNING:
            return cell("●", "good")
        case Status.PAUSED:
            return cell("‖", "warn")
        case Status.RESTARTING:
            return cell("↻", "warn")
        case Status.DEAD:
            return cell("✗", "bad")
        case Status.EXITED if container.exit_code:
            return cell("✗", "bad")
        case _:
            return cell("○", "muted")


def state_words(container: ContainerSummary, now: float) -> Spans:
    """A container's state in words: `up 3m`, `exited 1 · 2h`."""
    match container.status:
        case Status.RUNNING:
            return cell(f"up {age(now - (container.started or now))}", "good")
        case Status.EXITED:
            code = "?" if container.exit_code is None else str(container.exit_code)
            since = f" {age(now - container.finished)}" if container.finished is not None else ""
            return ((f"exited {code}", "bad" if container.exit_code else "muted"), (since, "muted"))
        case Status.DEAD:
            return cell("dead", "bad")
        case Status.PAUSED | Status.RESTARTING:
            return cell(container.status.value, "warn")
        case _:
            return cell("created", "muted")


class Containers(Panel):
    """The containers of the store."""

    TOPICS: ClassVar[Topics] = frozenset({"containers", "selection"})
    NUMBER: ClassVar[int] = 2
    PLACE: ClassVar[Place] = "containers"

    def update(self) -> None:
        """Draw the containers the state knows."""
        containers = self.state.containers or ()
        longest = max([8, *(width_of(safe(item.name)) for item in containers)])
        columns = (
            Column(1),
            Column(8, most=longest, grow=3, gap=1),
            Column(8, most=60, grow=2, drop=2, cut="middle"),
            Column(14, right=True, drop=1),
        )
        rows = [self._row(container) for container in containers]
        self.show_filtered(columns, rows, _EMPTY if self.state.containers is not None else ())
        self.update_head()

    def update_head(self) -> None:
        """Say how many there are and how many run."""
        running = sum(item.status is Status.RUNNING for item in self.state.containers or ())
        state = ((f"{running} running ", "good"),) if running else ()
        self.head("Containers", state=(*state, *self.shown_place()))

    @property
    def shows_cursor(self) -> bool:
        """Only where it stands on what the right side shows."""
        return self.state.subject is None or self.state.subject.kind == "container"

    def select_current(self) -> None:
        """What stands under the cursor is what the right side shows."""
        if self.key is not None:
            self.state.select(Subject("container", self.key))

    def _row(self, container: ContainerSummary) -> Row:
        meanwhile = self.state.meanwhile(container.id)
        words = cell(meanwhile, "warn") if meanwhile else state_words(container, self.state.now())
        name, image = safe(container.name), safe(container.image)
        search = f"{container.name} {container.image} {container.id} {container.status}".lower()
        return Row(container.id, (mark(container), cell(name), cell(image, "muted"), words), search)
