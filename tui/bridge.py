"""Between engine and screen: the only place where what the engine does becomes Textual messages.

Everything that changed is gathered and posted as one `Batch` (see `tui.batches`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from textual.app import App
from textual.worker import Worker

from engine.events import Event
from engine.images.models import PullPlan
from engine.oci import Digest
from tui.batches import PAUSE, Answer, Batch, Batches
from tui.deaths import Deaths
from tui.logs.reading import LogReading
from tui.source import Source
from tui.state import Run, State
from tui.tasks import Report, said
from tui.updates import (
    ContainersKnown,
    DetailKnown,
    HostKnown,
    ImagesKnown,
    LabKnown,
    PlanFailed,
    PlanKnown,
    PullAdvanced,
    PullEnded,
    PullPlanned,
    RemovePreviewed,
    StatsKnown,
    StepsKnown,
    TableKnown,
    Update,
)
from tui.usage import EVERY
from tui.watcher import Watcher

if TYPE_CHECKING:
    from engine.analysis.content import Contents
    from engine.analysis.extract import Extracted

__all__ = ["Answer", "Batch", "Bridge"]

Value = TypeVar("Value")

_MOURNING = 0.3  # seconds in which a monitor that lives says how its container ended
_SETTLE = 0.05  # seconds a selection must last before its details are read


class Bridge(Batches):
    """Asks the engine, and tells the app in batches."""

    def __init__(self, source: Source, host: App[None], clock: Callable[[], float]) -> None:
        super().__init__(host, clock)
        self.source = source
        self._steps_of: Run | None = None
        self._stats: Worker[None] | None = None
        self._deaths = Deaths(self._someone_died)
        self.watcher = Watcher(source, self.tell, self._work, clock)
        self.logs = LogReading(source, self.tell, self._work, self._troubles)

    # asking

    def open(self) -> None:
        """Read what the first screen shows, and follow what happens from now on."""
        self._work(self._follow_events, "events")

    async def _follow_events(self) -> None:
        with self._troubles("follow what happens on the store", "lamina events"):
            await self._follow()

    async def _follow(self) -> None:
        changed = {"image", "container", "host", "lab"}
        # From this moment on, not from the first look, so that nothing falls between the two.
        events = self.source.events(since=self._clock())
        pending: asyncio.Task[Event] = asyncio.ensure_future(anext(events))
        try:
            while True:
                await self._read(changed)
                changed = {_KINDS.get(str((await pending).kind), "image")}
                pending = asyncio.ensure_future(anext(events))
                while (await asyncio.wait({pending}, timeout=PAUSE))[0]:
                    changed.add(_KINDS.get(str(pending.result().kind), "image"))
                    pending = asyncio.ensure_future(anext(events))
        except StopAsyncIteration:
            return
        finally:
            pending.cancel()

    async def _read(self, what: set[str]) -> None:
        source = self.source
        found: list[Update] = []
        with self._troubles("read the store", "lamina info"):
            if "image" in what:
                found.append(ImagesKnown(tuple(await source.images())))
            if "container" in what:
                containers = tuple(await source.containers())
                self._deaths.keep(item.pid for item in containers if item.pid)
                found.append(ContainersKnown(containers))
            if "lab" in what:
                found.append(LabKnown(await source.lab_status()))
            for update in found:
                self.tell(update)  # of one batch, so that the screen is laid out once
            self.tell(HostKnown(await source.info()))

    def _someone_died(self) -> None:
        self._work(self._read_after_death, "deaths")

    async def _read_after_death(self) -> None:
        await asyncio.sleep(_MOURNING)
        await self._read({"container"})

    def close(self) -> None:
        """Give back what was waited on."""
        self._deaths.close()

    def read_again(self) -> None:
        """Read everything anew, for what no event tells."""
        self._work(partial(self._read, {"image", "container", "lab"}), "read")

    def look(self, state: State) -> None:
        """Read what the selection needs and is not known yet."""
        image = state.image_id
        if image and (image not in state.details or image in state.stale):
            self._look(
                "detail", "read an image", f"lamina inspect {image[7:19]}", partial(self._detail, image)
            )

    def look_files(self, diff_id: str) -> None:
        """Read the files of a layer."""
        self._look("files", "read the files of a layer", "", partial(self._table, diff_id))

    def look_steps(self, run: Run) -> None:
        """Read what was done to start a container, once for each start."""
        if run != self._steps_of:
            self._steps_of = run
            command = f"lamina steps {run.container[:12]}"
            self._look("steps", "read a container's steps", command, partial(self._steps, run.container))

    def _look(self, group: str, what: str, command: str, ask: Callable[[], Awaitable[Update]]) -> None:
        async def look() -> None:
            await asyncio.sleep(_SETTLE)
            with self._troubles(what, command):
                self.tell(await ask())

        self._work(look, group)

    def ask(
        self,
        group: str,
        what: str,
        command: str,
        question: Callable[[], Awaitable[Value]],
        then: Callable[[Value], None],
    ) -> None:
        """Have something read or worked out, and delivered as a message; the next of a group replaces it.

        :param what: to say when it fails; :param command: that shows the same.
        """

        async def work() -> None:
            with self._troubles(what, command, asked=True):
                value = await question()
                self._host.post_message(Answer(lambda: then(value)))

        self._work(work, group)

    async def _detail(self, image: str) -> Update:
        return DetailKnown(await self.source.image(image))

    async def _table(self, diff_id: str) -> Update:
        return TableKnown(diff_id, await self.source.layer_table(Digest(diff_id)))

    async def _steps(self, container: str) -> Update:
        return StepsKnown(container, tuple(await self.source.steps(container)))

    def look_stats(self, wanted: bool) -> None:
        """Follow what the containers that run use, or follow it no longer."""
        if wanted and self._stats is None:
            self._stats = self._work(self._follow_stats, "stats")
        elif not wanted and self._stats is not None:
            self._stats.cancel()
            self._stats = None

    async def _follow_stats(self) -> None:
        with self._troubles("see what containers use", "lamina stats"):
            async with aclosing(self.source.stats(interval=EVERY)) as samples:
                async for sample in samples:
                    self.tell(StatsKnown(tuple(sample)))

    def plan(self, reference: str) -> None:
        """Ask what pulling a reference would fetch."""
        self._work(partial(self._plan, reference), "plan")

    async def _plan(self, reference: str) -> None:
        try:
            self.tell(PlanKnown(reference, await self.source.plan(reference)))
        except Exception as error:  # noqa: BLE001  told where the person looks
            self.tell(PlanFailed(reference, *said(error)))

    def preview_remove(self, image_id: str, name: str) -> None:
        """Ask what removing an image would free."""
        self._work(partial(self._preview_remove, image_id, name), "preview")

    async def _preview_remove(self, image_id: str, name: str) -> None:
        with self._troubles(f"remove {name}", f"lamina rmi {name}", asked=True):
            self.tell(RemovePreviewed(image_id, name, await self.source.preview_remove(name)))

    # doing

    async def extract(self, contents: Contents, path: str, target: str) -> str:
        """Write a path of an image to the host."""
        from engine.analysis.extract import extract
        from tui.text import count, size

        def write() -> Extracted:
            row = contents.stack.require(path)
            return extract(contents, row, Path(target).expanduser())

        done = await asyncio.to_thread(write)
        skipped = f", {count(len(done.skipped), 'device or pipe', 'devices and pipes')} left out"
        return f"{count(done.files, 'file')}, {size(done.size)} to {done.path}" + (
            skipped if done.skipped else ""
        )

    async def pull(self, reference: str, report: Report) -> str:
        """Bring an image here, telling the plan and each layer's progress."""
        from tui.text import count, size

        def planned(plan: PullPlan) -> None:
            self.tell(PullPlanned(report.task, plan))

        result = await self.source.pull(
            reference,
            on_plan=planned,
            on_progress=lambda progress: self.tell(PullAdvanced(report.task, progress)),
        )
        self.tell(PullEnded(report.task, result))
        fetched = sum(not layer.here for layer in result.plan.layers)
        if not fetched:
            return "already here, nothing travelled"
        return f"{count(fetched, 'layer')}, {size(result.fetched_bytes)} in {result.seconds:.1f} s"


_KINDS = {"container": "container", "lab": "lab"}
