"""What is known and selected, as plain values, and how to find in it; nothing here changes by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.containers.models import ContainerSummary, StepRow
from engine.images.models import ImageDetail, ImageSummary
from engine.lab.models import LabStatus
from engine.models import HostInfo
from tui.history import Histories
from tui.logs.view import LogView
from tui.updates import (
    PlanFailed,
    PlanKnown,
    Pull,
    Task,
)
from tui.usage import Usages

if TYPE_CHECKING:
    from engine.images.moves import TagStanding
    from engine.layers.table import FileTable
    from engine.runtime.usage import ContainerStats
    from tui.facts import Facts
    from tui.lessons.course import Course

Topic = Literal[
    "images", "containers", "selection", "detail", "files", "steps", "logs", "tasks", "pulls", "host",
    "stats", "facts", "lesson",
]  # fmt: skip
Topics = frozenset[Topic]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is selected on the left and decides what the right shows."""

    kind: Literal["image", "container"]
    id: str


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a container, from a start to its end."""

    container: str
    started: float


class Known:
    """All that is on screen.

    :param clock: gives the time, seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.now = clock
        self.images: tuple[ImageSummary, ...] | None = None  # None until first known
        self.containers: tuple[ContainerSummary, ...] | None = None
        self.host: HostInfo | None = None
        self.lab: LabStatus | None = None
        self.details: dict[str, ImageDetail] = {}
        self.stale: set[str] = set()  # details that the next look should read again
        self.tables: dict[str, FileTable] = {}
        self.steps: dict[str, tuple[StepRow, ...]] = {}
        self.logs = LogView()
        self.tasks: dict[int, Task] = {}
        self.pulls: dict[int, Pull] = {}
        self.standings: dict[str, TagStanding] = {}  # by name, of tags that were asked about
        self.terminals = 0  # that are open, seen or not
        self.usages = Usages()
        self.histories = Histories()
        self.facts: dict[tuple[str, str], Facts] = {}  # by container and tab
        self.samples: dict[str, ContainerStats] = {}  # the last of each container that runs
        self.plan: PlanKnown | PlanFailed | None = None  # the last one asked for
        self.course: Course | None = None  # the lesson under way, or the last one
        self.shown_keys: Mapping[str, str] = {}  # of verbs whose keys were changed
        self.read_only = False
        self.subject: Subject | None = None
        self.layer: str | None = None  # diff ID

    def image_of(self, subject: Subject | None) -> ImageSummary | None:
        """The image a subject is, None where it is none."""
        if subject is None or subject.kind != "image":
            return None
        return self.image_by_id(subject.id)

    def image_by_id(self, image_id: str) -> ImageSummary | None:
        """The image with that id, None where it is not here."""
        return next((image for image in self.images or () if image.id == image_id), None)

    def container_of(self, subject: Subject | None) -> ContainerSummary | None:
        """The container a subject is, None where it is none."""
        if subject is None or subject.kind != "container":
            return None
        return next((item for item in self.containers or () if item.id == subject.id), None)

    @property
    def image_id(self) -> str | None:
        """The image whose stack is shown: the selected one, or the selected container's."""
        container = self.container_of(self.subject)
        if container is not None:
            return container.image_id
        return self.subject.id if self.subject is not None else None

    @property
    def detail(self) -> ImageDetail | None:
        """All about the image whose stack is shown, once known."""
        return self.details.get(self.image_id or "")

    def meanwhile(self, subject: str) -> str:
        """What is being done to a container or image just now: "stopping…", or ""."""
        return self.under_way().get(subject, "")

    def under_way(self) -> dict[str, str]:
        """By container or image: what is being done to it just now."""
        found: dict[str, str] = {}
        for task in self.tasks.values():
            if task.state == "running" and task.meanwhile:
                found |= dict.fromkeys((task.subject, *task.subjects), task.meanwhile)
        found.pop("", None)
        return found

    @property
    def running_tasks(self) -> list[Task]:
        """Actions under way, the oldest first."""
        return [task for task in self.tasks.values() if task.state == "running"]
