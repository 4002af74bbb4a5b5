"""Reads what the inspector's tab in front tells of a container, and nothing that is not looked at.

One reader at a time: it ends when another tab, another container or another state of it comes into sight.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from heapq import nsmallest
from typing import TYPE_CHECKING

from engine.errors import Conflict, LaminaError, NotFound
from tui.facts import Facts, Happened, Inspected, Paths, Processes, Trouble, Walls, Written
from tui.source import Source
from tui.tasks import Work, said
from tui.updates import FactsKnown

if TYPE_CHECKING:
    from textual.worker import Worker

    from engine.containers.models import ContainerSummary
    from engine.containers.overlays import OverlayChange, OverlayView
    from engine.events import Event
    from engine.runtime.processes import ProcessRow

_SETTLE = 0.08  # seconds a tab must be in front before it is read: a cursor that passes reads nothing
_OFTEN, _SELDOM = 2.0, 5.0  # seconds from look to look at what no event tells
_MOST_EVENTS = 500
_MOST_CHANGES = 500
_SOONEST = 1.0  # seconds between two walks through a writable layer

Reader = Callable[["ContainerSummary"], AsyncGenerator[Facts, None]]


class Watcher:
    """Reads for one tab, and tells the app in batches.

    :param source: what to ask; :param tell: takes what is known.
    :param run: runs a reader, by the name of its group. :param clock: the time, seconds since the epoch.
    """

    def __init__(
        self,
        source: Source,
        tell: Callable[[FactsKnown], None],
        run: Callable[[Work, str], Worker[None]],
        clock: Callable[[], float],
    ) -> None:
        self._source = source
        self._tell = tell
        self._run = run
        self._clock = clock
        self._wanted: tuple[object, ...] = ()
        self._worker: Worker[None] | None = None
        self._feeds: dict[str, deque[tuple[float, OverlayChange]]] = {}
        self._readers: Mapping[str, Reader] = {
            "Processes": self._processes,
            "Config": self._inspected,
            "Mounts": self._inspected,
            "Health": self._health,
            "Network": self._paths,
            "Overlay": self._overlay,
            "Namespaces": self._namespaces,
            "Events": self._events,
        }

    def watch(self, container: ContainerSummary | None, tab: str) -> None:
        """Read for this tab of this container from now on, and for no other; None reads nothing."""
        reads = container is not None and tab in self._readers
        wanted = (container.id, container.pid, container.health, tab) if container and reads else ()
        if wanted == self._wanted:
            return
        self._wanted = wanted
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None
        if container is not None and reads:
            self._worker = self._run(partial(self._read, container, tab), "facts")

    async def _read(self, container: ContainerSummary, tab: str) -> None:
        await asyncio.sleep(_SETTLE)
        last: Facts | None = None
        try:
            async with aclosing(self._readers[tab](container)) as values:
                async for value in values:
                    if value != last:
                        last = value
                        self._tell(FactsKnown(container.id, tab, value))
        except (Conflict, NotFound) as error:
            if last is None:  # else it has just ended, which the list of containers tells too
                self._tell(FactsKnown(container.id, tab, Trouble(error.message, error.hint)))
        except (LaminaError, OSError, ValueError) as error:
            self._tell(FactsKnown(container.id, tab, Trouble(*said(error))))

    # readers

    async def _inspected(self, container: ContainerSummary) -> AsyncGenerator[Facts, None]:
        while True:
            yield Inspected(await self._source.inspect(container.id))
            await asyncio.sleep(_SELDOM)

    async def _health(self, container: ContainerSummary) -> AsyncGenerator[Facts, None]:
        while True:
            yield Inspected(await self._source.inspect(container.id))
            await asyncio.sleep(_OFTEN if container.health else _SELDOM)

    async def _processes(self, container: ContainerSummary) -> AsyncGenerator[Facts, None]:
        before: dict[int, float] = {}
        since = 0.0
        loop = asyncio.get_running_loop()
        while container.pid:
            rows = await self._source.processes(container.id)
            now = loop.time()
            cpu = {
                row.pid: round(100 * (row.cpu - before[row.pid]) / (now - since))
                for row in rows
                if row.pid in before and now > since
            }
            yield Processes(as_tree(rows), cpu)
            before, since = {row.pid: row.cpu for row in rows}, now
            await asyncio.sleep(_OFTEN)

    async def _paths(self, container: ContainerSummary) -> AsyncGenerator[Facts, None]:
        while True:
            yield Paths(tuple(await self._source.packet_paths(container.id)))
            await asyncio.sleep(_SELDOM)

    async def _namespaces(self, container: ContainerSummary) -> AsyncGenerator[Facts, None]:
        while container.pid:
            seen = await self._source.namespaces(container.id)
            # Who runs in it is another tab's, and would draw this one anew for nothing.
            yield Walls(seen._replace(processes=()))
            await asyncio.sleep(_SELDOM)
        yield Walls(None)

    async def _overlay(self, container: ContainerSummary) -> AsyncGenerator[Facts, None]:
        known = await self._walk(container.id)
        feed = self._feed_of(container.id)
        yield replace(known, feed=tuple(feed))
        if not container.pid:
            return
        pause = _SOONEST
        loop = asyncio.get_running_loop()
        async with aclosing(self._source.overlay_changes(container.id)) as batches:
            async for changes in batches:
                now = self._clock()
                feed.extendleft((now, change) for change in changes)
                yield replace(known, feed=tuple(feed))
                await asyncio.sleep(pause)
                # Big layers take long to walk through, and shall not be walked through all the time.
                begun = loop.time()
                known = await self._walk(container.id)
                pause = max(_SOONEST, 10 * (loop.time() - begun))
                yield replace(known, feed=tuple(feed))

    async def _walk(self, container: str) -> Written:
        view = await self._source.overlay(container)
        if len(view.changes) > _MOST_CHANGES:
            return await asyncio.to_thread(dearest, view)
        return dearest(view)

    def _feed_of(self, container: str) -> deque[tuple[float, OverlayChange]]:
        feed = self._feeds.pop(container, None) or deque(maxlen=_MOST_CHANGES)
        while len(self._feeds) >= 8:
            del self._feeds[next(iter(self._feeds))]
        self._feeds[container] = feed
        return feed

    async def _events(self, container: ContainerSummary) -> AsyncGenerator[Facts, None]:
        found: deque[Event] = deque(maxlen=_MOST_EVENTS)
        # What is on disk comes at once, and is told at once.
        async with aclosing(self._source.events(since=container.created, follow=False)) as past:
            async for event in past:
                if _is_about(event, container.id):
                    found.append(event)
        yield Happened(tuple(found))
        last = found[-1].time if found else container.created
        known = set(map(_identity, found))
        async with aclosing(self._source.events(since=last)) as events:
            async for event in events:
                if _is_about(event, container.id) and _identity(event) not in known:
                    found.append(event)
                    yield Happened(tuple(found))


def _is_about(event: Event, container: str) -> bool:
    return event.id == container or event.attributes.get("container") == container


def _identity(event: Event) -> tuple[float, str, str]:
    return event.time, event.action, event.id


def dearest(view: OverlayView) -> Written:
    """A view with those of its changes that cost most, so that a layer of any size can be drawn."""
    counts = Counter(change.effect.value for change in view.changes)
    kept = nsmallest(_MOST_CHANGES, view.changes, key=lambda change: (-change.cost, change.path))
    return Written(view._replace(changes=tuple(kept)), tuple(counts.most_common()))


def as_tree(rows: list[ProcessRow]) -> tuple[tuple[int, ProcessRow], ...]:
    """Processes with their depth, parents before their children, siblings by pid.

    Who came from outside (an exec, say) stands beside the first.
    """
    pids = {row.pid for row in rows}
    children: dict[int, list[ProcessRow]] = {}
    for row in sorted(rows, key=lambda row: row.pid):
        children.setdefault(row.parent if row.parent in pids and row.parent != row.pid else 0, []).append(row)
    found: list[tuple[int, ProcessRow]] = []
    pending = [(0, row) for row in reversed(children.get(0, []))]
    while pending:
        depth, row = pending.pop()
        # Rounded to what can be told apart, so that a process that sleeps changes nothing.
        found.append((depth, rounded(row)))
        pending += [(depth + 1, child) for child in reversed(children.get(row.pid, []))]
    return tuple(found)


def rounded(row: ProcessRow) -> ProcessRow:
    """A row whose figures change only where one sees it."""
    return row._replace(cpu=float(int(row.cpu)), started=float(int(row.started)))
