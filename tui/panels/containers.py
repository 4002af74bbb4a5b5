"""Containers: one row each, sorted, marked, and under the label they share where that is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from engine.containers.models import ContainerSummary, Status
from tui.actions import Place
from tui.panels.container_rows import columns_for, container_row, group_row, mark, state_words
from tui.panels.groups import NONE, group_key, group_of_key, grouped
from tui.panels.marking import MarkedPanel
from tui.state import State, Subject, Topics
from tui.text import age, natural, safe
from tui.usage import Usage
from tui.widgets.columns import Row, cell

__all__ = ["Containers", "mark", "state_words"]

_EMPTY = ("", "No containers. R runs the selected image.")
_STANDING = (
    Status.RUNNING,
    Status.RESTARTING,
    Status.PAUSED,
    Status.DEAD,
    Status.EXITED,
    Status.CREATED,
)
_NOTHING = Usage()


class Containers(MarkedPanel):
    """The containers of the store."""

    TOPICS: ClassVar[Topics] = frozenset({"containers", "selection", "stats"})
    NUMBER: ClassVar[int] = 2
    PLACE: ClassVar[Place] = "containers"
    ORDERS: ClassVar[tuple[str, ...]] = ("newest", "name", "state", "processor", "memory")

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.label = ""  # what groups them; "" for no groups
        self.folded: set[str] = set()  # what the label says
        self._made: dict[str, tuple[ContainerSummary, object, Row]] = {}  # rows, with what they were made of

    # groups

    def group_by(self, label: str) -> None:
        """Put containers under what this label says of them; "" ends that."""
        self.label = label
        self.folded.clear()
        self.update()

    def toggle(self) -> bool:
        """Fold or unfold the group under the cursor; False where it stands on a container."""
        group = group_of_key(self.key or "")
        if group is None:
            return False
        self.folded ^= {group}
        self.update()
        return True

    def fold_all(self, folded: bool) -> None:
        """Fold or unfold all groups."""
        self.folded = set(grouped(self.state.containers or (), self.label)) if folded else set()
        self.update()

    def meant(self) -> list[str]:
        """The container under the cursor, or all of the group."""
        group = group_of_key(self.key or "")
        if group is None:
            return super().meant()
        items = self.state.containers or ()
        return [item.id for item in items if item.labels.get(self.label, "") == group]

    def is_item(self, key: str) -> bool:
        """Heads of groups stand for their containers."""
        return group_of_key(key) is None

    # drawing

    def update(self) -> None:
        """Draw the containers the state knows."""
        here = {item.id for item in self.state.containers or ()}
        self._made = {key: made for key, made in self._made.items() if key in here}
        names = [safe(item.name) for item in self.state.containers or ()]
        with_ports = any(item.ports for item in self.state.containers or ())
        columns = columns_for([("  " if self.label else "") + name for name in names], with_ports)
        self.show_filtered(columns, self._rows(), _EMPTY if self.state.containers is not None else ())
        self.update_head()

    def update_head(self) -> None:
        """Say how many there are and how many run."""
        running = sum(item.status is Status.RUNNING for item in self.state.containers or ())
        state = ((f"{running} running ", "good"),) if running else ()
        about = f"by {safe(self.label.rpartition('.')[2], 30)}" if self.label else ""
        head = self.about_list(len(self.marked_containers))
        self.head("Containers", about, state=(*head, *state, *self.shown_place()))

    @property
    def marked_containers(self) -> list[ContainerSummary]:
        """The marked containers that are still here, in the order of the list."""
        return [item for item in self._sorted() if item.id in self.marked]

    @property
    def shows_cursor(self) -> bool:
        """Only where it stands on what the right side shows."""
        return self.state.subject is None or self.state.subject.kind == "container"

    def select_current(self) -> None:
        """What stands under the cursor is what the right side shows; the head of a group changes nothing."""
        if self.key is not None and self.is_item(self.key):
            self.state.select(Subject("container", self.key))

    def _rows(self) -> list[Row]:
        items, doing = self._sorted(), self.state.under_way()
        if not self.label:
            return [self._row(item, doing) for item in items]
        rows: list[Row] = []
        for value, members in grouped(items, self.label).items():
            folded = value in self.folded and not self.filter
            rows.append(self._head_row(value, members, folded))
            rows += [] if folded else [self._row(item, doing, "  ") for item in members]
        return rows

    def _row(self, item: ContainerSummary, doing: dict[str, str], indent: str = "") -> Row:
        usage, meanwhile, now = self.state.usages.of(item.id), doing.get(item.id, ""), self.state.now()
        begun = item.started if item.pid else item.finished
        seen = (
            meanwhile, item.id in self.marked, usage.version if usage else 0,
            age(now - (begun or now)), indent,
        )  # fmt: skip
        made = self._made.get(item.id)
        if made is None or made[0] is not item or made[1] != seen:
            row = container_row(item, self.mark_of(item.id), meanwhile, usage, now, indent)
            made = self._made[item.id] = (item, seen, row)
        return made[2]

    def _head_row(self, value: str, members: Sequence[ContainerSummary], folded: bool) -> Row:
        usages = [usage for item in members if (usage := self.state.usages.of(item.id)) is not None]
        all_marked = all(item.id in self.marked for item in members)
        marked = cell("▪" if all_marked else "", "accent")
        title = value or NONE
        return group_row(group_key(value), title, members, folded, marked, usages)

    def _sorted(self) -> list[ContainerSummary]:
        items, usages = list(self.state.containers or ()), self.state.usages
        match self.order:
            case "name":
                items.sort(key=lambda item: natural(item.name))
            case "state":
                items.sort(key=lambda item: (item.health != "unhealthy", _STANDING.index(item.status)))
            case "processor":
                items.sort(key=lambda item: -(usages.of(item.id) or _NOTHING).cpu)
            case "memory":
                items.sort(key=lambda item: -(usages.of(item.id) or _NOTHING).memory)
        return items
