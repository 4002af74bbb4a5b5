"""What is on screen, as plain values, and one signal when they change.

The bridge sends updates, `State.apply` takes them in, panels listen and draw. Nothing here knows Textual.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from tui.known import Known, Run, Subject, Topic, Topics
from tui.updates import (
    ContainersKnown,
    DetailKnown,
    FactsKnown,
    HostKnown,
    ImagesKnown,
    LabKnown,
    LessonKnown,
    LogGrown,
    PlanFailed,
    PlanKnown,
    Pull,
    PullAdvanced,
    PullEnded,
    PullPlanned,
    StandingKnown,
    StatsKnown,
    StepsKnown,
    TableKnown,
    TaskChanged,
    Update,
)

__all__ = ["Run", "State", "Subject", "Topic", "Topics"]

_MOST_TASKS = 200
_MOST_FACTS = 24  # tabs whose content is kept, to stand there at once when one comes back
_MOST_TABLES = 8  # file tables kept; one of a big layer is some megabytes


class State(Known):
    """Everything the panels draw.

    :param clock: gives the time, seconds since the epoch; tests freeze it.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        super().__init__(clock)
        self._listeners: list[Callable[[Topics], None]] = []

    # the signal

    def listen(self, listener: Callable[[Topics], None]) -> None:
        """Call `listener` with what changed, after each change."""
        self._listeners.append(listener)

    def forget(self, listener: Callable[[Topics], None]) -> None:
        """Call it no longer."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def changed(self, topics: Iterable[Topic]) -> None:
        """Tell all listeners once."""
        what = frozenset(topics)
        for listener in list(self._listeners) if what else ():
            listener(what)

    def count_terminals(self, number: int) -> None:
        """So many terminals are open."""
        self.terminals = number
        self.changed({"host"})

    # taking in

    def apply(self, updates: Iterable[Update]) -> None:
        """Take in a batch, then tell what changed."""
        self.changed({topic for update in updates for topic in self._take(update)})

    def _take(self, update: Update) -> tuple[Topic, ...]:
        match update:
            case ImagesKnown(images):
                self.images = images
                known = {str(image.id) for image in images}
                self.details = {key: value for key, value in self.details.items() if key in known}
                self.stale = set(self.details)
                self._keep_subject()
                return ("images", "selection")
            case ContainersKnown(containers):
                self.containers = containers
                self._keep_subject()
                return ("containers", "selection")
            case HostKnown(host):
                self.host = host
                return ("host",)
            case LabKnown(lab):
                self.lab = lab
                return ("host", "images")
            case _:
                return self._take_content(update)

    def _take_content(self, update: Update) -> tuple[Topic, ...]:
        match update:
            case DetailKnown(detail):
                self.details[detail.summary.id] = detail
                self.stale.discard(detail.summary.id)
                self._keep_layer()
                return ("detail",)
            case TableKnown(diff_id, table):
                while len(self.tables) >= _MOST_TABLES:
                    del self.tables[next(iter(self.tables))]
                self.tables[diff_id] = table
                return ("files",)
            case StepsKnown(container, steps):
                self.steps = {container: steps}
                return ("steps",)
            case FactsKnown(container, tab, value):
                self.facts.pop((container, tab), None)
                while len(self.facts) >= _MOST_FACTS:
                    del self.facts[next(iter(self.facts))]
                self.facts[container, tab] = value
                return ("facts",)
            case LessonKnown(course):
                self.course = course
                return ("lesson",)
            case LogGrown(of, lines, anew):
                self.logs.take(of, lines, anew)
                return ("logs",)
            case _:
                return self._take_task(update)

    def _take_task(self, update: Update) -> tuple[Topic, ...]:
        match update:
            case TaskChanged(task):
                self.tasks[task.id] = task
                ended = [key for key, value in self.tasks.items() if value.state != "running"]
                for key in ended[: max(0, len(self.tasks) - _MOST_TASKS)]:
                    del self.tasks[key]
                    self.pulls.pop(key, None)
                about = bool(task.subject or task.subjects)
                return ("tasks", "containers", "images") if about else ("tasks",)
            case PullPlanned(number, plan):
                self.pulls[number] = Pull(plan)
                return ("pulls",)
            case PullAdvanced(number, progress):
                pull = self.pulls[number]
                pull.progress[progress.position] = progress
                self._count(number)
                return ("pulls", "tasks")
            case PullEnded(number, result):
                self.pulls[number] = replace(self.pulls.get(number, Pull(result.plan)), result=result)
                return ("pulls",)
            case StandingKnown(standing):
                self.standings[standing.name] = standing
                return ("images",)
            case StatsKnown(samples):
                self.usages.take(samples)
                self.histories.take(samples)
                self.samples = {stats.id: stats for stats in samples}
                return ("stats",)
            case PlanKnown() | PlanFailed():
                self.plan = update
                return ("pulls",)
            case _:
                return ()

    def _count(self, number: int) -> None:
        pull, task = self.pulls[number], self.tasks.get(number)
        if task is not None and task.state == "running":
            kept = {layer.position: layer.kept for layer in pull.plan.layers if not layer.here}
            steps = (step for step in pull.progress.values() if step.position in kept)
            done = sum(max(0, step.done - kept[step.position]) for step in steps)
            self.tasks[number] = replace(task, done=done, total=pull.plan.fetch_bytes)

    # selection

    def select(self, subject: Subject | None) -> None:
        """Choose what the right side shows."""
        if subject != self.subject:
            self.subject = subject
            self._keep_layer()
            self.changed({"selection"})

    def select_layer(self, diff_id: str | None) -> None:
        """Choose the layer whose files are shown."""
        if diff_id != self.layer:
            self.layer = diff_id
            self.changed({"files"})

    def _keep_subject(self) -> None:
        """When what was selected is gone, or nothing was, the first there is takes its place."""
        if self.image_of(self.subject) is not None or self.container_of(self.subject) is not None:
            return
        if self.images:
            self.subject = Subject("image", self.images[0].id)
        elif self.containers:
            self.subject = Subject("container", self.containers[0].id)
        else:
            self.subject = None
        self._keep_layer()

    def _keep_layer(self) -> None:
        detail = self.detail
        if detail is None or any(row.diff_id == self.layer for row in detail.layers):
            return
        self.layer = detail.layers[-1].diff_id if detail.layers else None
