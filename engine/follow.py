"""Following what grows, told by the kernel instead of polling: the store's journal and containers' logs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from engine.linux.inotify import CREATE, MODIFY, MOVED_TO, Inotify

if TYPE_CHECKING:
    from engine.containers.models import LogLine
    from engine.events import Event
    from engine.store.journal import Journal
    from engine.store.layout import Layout


class JournalFollower:
    """Events from now on, whoever writes them; `fileno()` polls readable when there may be some.

    :param since: begin with the events from this moment on (seconds since the epoch) instead of now.
    """

    def __init__(self, layout: Layout, journal: Journal, since: float | None = None) -> None:
        self._path = layout.journal
        self._journal = journal
        self._changes = Inotify()
        # The directory tells of a new file after a rotation; the file itself tells of new lines.
        self._changes.add(self._path.parent, CREATE | MOVED_TO)
        self._watch_file()
        self._since = since
        self._place = journal.end() if since is None else journal.start()

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._changes.fileno()

    def read(self) -> list[Event]:
        """Events since the last call, oldest first; never blocks on other fronts."""
        if any(change.mask & (CREATE | MOVED_TO) for change in self._changes.read()):
            self._watch_file()
        events, self._place = self._journal.read_from(self._place)
        since = self._since
        return events if since is None else [event for event in events if event.time >= since]

    def close(self) -> None:
        """Give the descriptor back."""
        self._changes.close()

    def _watch_file(self) -> None:
        try:
            self._changes.add(self._path, MODIFY)
        except FileNotFoundError:
            pass  # the first event makes the file, and the directory tells

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Polled(Protocol):
    """Something with a descriptor to wait on."""

    def fileno(self) -> int: ...


class _Log(_Polled, Protocol):
    """The part of `LogReader` that following needs."""

    @property
    def ended(self) -> bool: ...
    @property
    def until(self) -> float | None: ...
    def read(self) -> list[LogLine]: ...
    def close(self) -> None: ...


async def follow_journal(
    layout: Layout, journal: Journal, since: float | None, follow: bool
) -> AsyncGenerator[Event, None]:
    """Events from `since` on; with `follow` without an end."""
    import asyncio

    with JournalFollower(layout, journal, since) as follower:
        while True:
            for event in await asyncio.to_thread(follower.read):
                yield event
            if not follow:
                return
            await readable(follower)


async def follow_log(reader: _Log, follow: bool) -> AsyncGenerator[list[LogLine], None]:
    """Batches of lines; with `follow` until the container has ended and everything is read."""
    import asyncio

    try:
        while True:
            if batch := await asyncio.to_thread(reader.read):
                yield batch
            elif not follow or reader.ended:
                return
            else:
                await readable(reader, reader.until)
    finally:
        reader.close()


async def readable(source: _Polled, until: float | None = None) -> None:
    """Wait in the running event loop until a descriptor polls readable.

    :param until: or until this moment, seconds since the epoch.
    """
    import asyncio

    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(source.fileno(), ready.set)
    left = None if until is None else max(0.0, until - time.time())
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left):
                await ready.wait()
    finally:
        loop.remove_reader(source.fileno())
