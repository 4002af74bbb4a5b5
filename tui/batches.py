"""What changed, gathered and posted as one message, at most ten times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.app import App
from textual.message import Message

from tui.tasks import Tasks
from tui.updates import (
    FactsKnown,
    LogGrown,
    PullAdvanced,
    PullEnded,
    PullPlanned,
    StandingKnown,
    TaskChanged,
    Update,
)

PAUSE = 0.1
"""Seconds between two batches."""


class Batch(Message):
    """What changed since the last one."""

    def __init__(self, updates: tuple[Update, ...]) -> None:
        super().__init__()
        self.updates = updates


class Answer(Message):
    """What was asked for is here; the app has it delivered."""

    def __init__(self, deliver: Callable[[], None]) -> None:
        super().__init__()
        self.deliver = deliver


class Batches(Tasks):
    """Tells the app in batches."""

    def __init__(self, host: App[None], clock: Callable[[], float]) -> None:
        super().__init__(host, clock)
        self._waiting: dict[object, Update] = {}
        self._flushing = False
        self._flushed = 0.0

    def tell(self, update: Update) -> None:
        """Have an update sent with the next batch; one of the same thing that still waits is replaced."""
        key = _same(update)
        self._waiting.pop(key, None)
        self._waiting[key] = update
        if not self._flushing:
            self._flushing = True
            loop = asyncio.get_running_loop()
            loop.call_at(max(loop.time(), self._flushed + PAUSE), self._flush)

    def _flush(self) -> None:
        updates, self._waiting = tuple(self._waiting.values()), {}
        self._flushing, self._flushed = False, asyncio.get_running_loop().time()
        self._host.post_message(Batch(updates))


def _same(update: Update) -> object:
    """What an update is about, where a later one makes an earlier one needless; else the update itself."""
    match update:
        case PullAdvanced(task, progress):
            return ("pull", task, progress.position)
        case TaskChanged(task):
            return ("task", task.id)
        case StandingKnown(standing):
            return ("standing", standing.name)
        case FactsKnown(container, tab):
            return ("facts", container, tab)
        case LogGrown() | PullPlanned() | PullEnded():
            return id(update)
        case _:
            return type(update)
