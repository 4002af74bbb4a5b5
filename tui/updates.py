"""What the bridge tells the state: actions under way, and one class for each kind of news."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from engine.containers.models import ContainerSummary, LogLine, StepRow
from engine.images.models import ImageDetail, ImageSummary, LayerProgress, PullPlan, PullResult, RemovedImage
from engine.lab.models import LabStatus
from engine.models import HostInfo

if TYPE_CHECKING:
    from engine.images.moves import TagStanding
    from engine.layers.table import FileTable
    from engine.runtime.usage import ContainerStats
    from tui.facts import Facts
    from tui.lessons.course import Course

TaskState = Literal["running", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Task:
    """One action: under way, or how it ended.

    :param command: what a person would type to do the same.
    :param done: of `total`, bytes or steps; total 0 where it is not known.
    :param subject: id of the container or image it is about, or "".
    :param subjects: those that it is about yet, where they are several.
    :param asked: the person asked for it; else it is something the screen tried by itself.
    :param meanwhile: what that row says while it lasts: "stopping…".
    """

    id: int
    what: str
    command: str
    started: float
    state: TaskState = "running"
    finished: float | None = None
    done: int = 0
    total: int = 0
    note: str = ""
    hint: str = ""
    subject: str = ""
    subjects: frozenset[str] = frozenset()
    meanwhile: str = ""
    cancellable: bool = False
    asked: bool = True
    unit: Literal["bytes", "steps"] = "bytes"


@dataclass(frozen=True, slots=True)
class Pull:
    """One pull: its plan, how far each layer is, and what came of it."""

    plan: PullPlan
    progress: dict[int, LayerProgress] = field(default_factory=dict)
    result: PullResult | None = None


@dataclass(frozen=True, slots=True)
class ImagesKnown:
    images: tuple[ImageSummary, ...]


@dataclass(frozen=True, slots=True)
class ContainersKnown:
    containers: tuple[ContainerSummary, ...]


@dataclass(frozen=True, slots=True)
class HostKnown:
    host: HostInfo


@dataclass(frozen=True, slots=True)
class LabKnown:
    lab: LabStatus


@dataclass(frozen=True, slots=True)
class DetailKnown:
    detail: ImageDetail


@dataclass(frozen=True, slots=True)
class TableKnown:
    diff_id: str
    table: FileTable


@dataclass(frozen=True, slots=True)
class StepsKnown:
    container: str
    steps: tuple[StepRow, ...]


class Followed(NamedTuple):
    """A container whose log is looked at.

    :param started: when it was last started, seconds since the epoch; 0 where it never was.
    """

    id: str
    name: str
    started: float


@dataclass(frozen=True, slots=True)
class LogGrown:
    """Lines of logs that are looked at together, each with the number of its container among `of`.

    :param anew: they are read from their beginning again.
    """

    of: tuple[Followed, ...]
    lines: tuple[tuple[int, LogLine], ...]
    anew: bool = False


@dataclass(frozen=True, slots=True)
class TaskChanged:
    task: Task


@dataclass(frozen=True, slots=True)
class PlanKnown:
    reference: str
    plan: PullPlan


@dataclass(frozen=True, slots=True)
class PlanFailed:
    reference: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class RemovePreviewed:
    image_id: str
    name: str
    would: RemovedImage


@dataclass(frozen=True, slots=True)
class StandingKnown:
    """How a tag stands to its registry."""

    standing: TagStanding


@dataclass(frozen=True, slots=True)
class StatsKnown:
    """What the containers that run used at a moment."""

    samples: tuple[ContainerStats, ...]


@dataclass(frozen=True, slots=True)
class FactsKnown:
    """What a tab tells of a container."""

    container: str
    tab: str
    value: Facts


@dataclass(frozen=True, slots=True)
class LessonKnown:
    """How the lesson under way stands."""

    course: Course


@dataclass(frozen=True, slots=True)
class PullPlanned:
    task: int
    plan: PullPlan


@dataclass(frozen=True, slots=True)
class PullAdvanced:
    task: int
    progress: LayerProgress


@dataclass(frozen=True, slots=True)
class PullEnded:
    task: int
    result: PullResult


Update = (
    ImagesKnown
    | ContainersKnown
    | HostKnown
    | LabKnown
    | DetailKnown
    | TableKnown
    | StepsKnown
    | LogGrown
    | TaskChanged
    | PlanKnown
    | PlanFailed
    | RemovePreviewed
    | StandingKnown
    | StatsKnown
    | FactsKnown
    | LessonKnown
    | PullPlanned
    | PullAdvanced
    | PullEnded
)
