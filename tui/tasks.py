"""Actions under way: started, told of, cancelled, ended; each stands in Activity from start to end."""

from __future__ import annotations

import asyncio
import itertools
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from textual.app import App
from textual.worker import Worker

from engine.errors import LaminaError
from tui.updates import Task, TaskChanged, Update

Work = Callable[[], Coroutine[None, None, None]]
"""What a worker does: a function, so that one cancelled before it began leaves no coroutine behind."""


class Report:
    """Lets the work of a task say how far it is."""

    def __init__(self, tasks: Tasks, task: int) -> None:
        self._tasks = tasks
        self.task = task

    def step(self, note: str, done: int = 0, total: int = 0) -> None:
        """Say what is being done, and how much of it is."""
        self._tasks.change(self.task, note=note, done=done, total=total)

    def leave(self, subjects: Iterable[str], of: int) -> None:
        """Say which of several it is about yet."""
        left = frozenset(subjects)
        self._tasks.change(self.task, subjects=left, done=of - len(left), total=of)


class Tasks(ABC):
    """What is being done.

    :param host: runs the workers; :param clock: gives the time, seconds since the epoch.
    """

    def __init__(self, host: App[None], clock: Callable[[], float]) -> None:
        self._host = host
        self._clock = clock
        self._numbers = itertools.count(1)
        self._tasks: dict[int, Task] = {}
        self._running: dict[int, asyncio.Task[str]] = {}

    @abstractmethod
    def tell(self, update: Update) -> None:
        """Have an update sent to the screen."""

    def _work(self, work: Work, group: str) -> Worker[None]:
        return self._host.run_worker(work, group=group, exclusive=True, exit_on_error=False)

    @contextmanager
    def _troubles(self, what: str, command: str, asked: bool = False) -> Iterator[None]:
        """Show in Activity what goes wrong while something is read."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  a fault in reading costs one answer, not the screen
            note, hint = said(error)
            self.note_failure(what, note, command=command, hint=hint, asked=asked)

    def do(
        self,
        what: str,
        command: str,
        work: Callable[[Report], Awaitable[str]],
        *,
        subject: str = "",
        meanwhile: str = "",
        subjects: frozenset[str] = frozenset(),
        cancellable: bool = False,
        steps: bool = False,
    ) -> int:
        """Start an action and show it in Activity from now to its end.

        :param work: does it, and gives one sentence on what came of it.
        :returns: the number of its task.
        """
        number = next(self._numbers)
        task = Task(
            number, what, command, self._clock(), subject=subject, subjects=subjects, meanwhile=meanwhile,
            cancellable=cancellable, unit="steps" if steps else "bytes",
        )  # fmt: skip
        self._tasks[number] = task
        self.tell(TaskChanged(task))
        self._work(partial(self._carry_out, number, work), f"task-{number}")
        return number

    async def _carry_out(self, number: int, work: Callable[[Report], Awaitable[str]]) -> None:
        doing = asyncio.ensure_future(work(Report(self, number)))
        self._running[number] = doing
        try:
            note = await doing
        except asyncio.CancelledError:
            doing.cancel()
            await asyncio.wait({doing})  # what it began is cleared away before it is said to have ended
            self._end(number, state="cancelled", note="cancelled")
        except Exception as error:  # noqa: BLE001  a fault ends one action, not the screen
            note, hint = said(error)
            self._end(number, state="failed", note=note, hint=hint)
        else:
            self._end(number, state="done", note=note)
        finally:
            self._running.pop(number, None)

    def cancel(self, number: int) -> None:
        """Stop an action that can be stopped."""
        doing = self._running.get(number)
        if doing is not None and self._tasks[number].cancellable:
            doing.cancel()

    def change(self, number: int, **changes: Any) -> None:
        """Say something new about an action under way."""
        self._tasks[number] = replace(self._tasks[number], **changes)
        self.tell(TaskChanged(self._tasks[number]))

    def _end(self, number: int, **changes: Any) -> None:
        self.change(number, finished=self._clock(), **changes)
        del self._tasks[number]

    def note_failure(
        self, what: str, note: str, *, command: str = "", hint: str = "", asked: bool = False
    ) -> None:
        """Show a failure in Activity.

        :param asked: the person asked for what failed.
        """
        now = self._clock()
        number = next(self._numbers)
        task = Task(number, what, command, now, "failed", now, note=note, hint=hint, asked=asked)
        self.tell(TaskChanged(task))


def said(error: Exception) -> tuple[str, str]:
    """Message and hint of an error; one that is none of the engine's own says its kind as well."""
    if isinstance(error, LaminaError):
        return error.message, error.hint
    return f"{type(error).__name__}: {error}", ""
