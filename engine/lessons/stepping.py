"""A start of a container that stands still between its steps, until a lesson wants the next."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.errors import Conflict, NotFound
from engine.lessons.figures import Figure, Unit
from engine.lessons.place import Place
from engine.lessons.vocabulary import Done, action

if TYPE_CHECKING:
    from engine.containers.models import ContainerSummary
    from engine.containers.models import StepRow as Row

END = "program executed"

Changed = Mapping[str, tuple[str, str]]


class SteppedStart:
    """One start. Its steps are done in a thread of the engine's, which waits after each for a word.

    :ivar container: which one.
    """

    def __init__(self, place: Place, container: str) -> None:
        self.container = container
        self._loop = asyncio.get_running_loop()
        self._told: asyncio.Queue[tuple[Row, Changed] | None] = asyncio.Queue()
        self._words: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._running: asyncio.Task[ContainerSummary] = asyncio.create_task(
            place.engine.start(container, self._on_step)
        )
        self._running.add_done_callback(lambda _: self._told.put_nowait(None))
        self._waits = False

    async def step(self) -> tuple[Row, Changed] | None:
        """Do the next step; None when there was none, and the program runs.

        :raises LaminaError: the start failed.
        """
        if self._waits:
            self._words.put(True)
        self._waits = False
        told = await self._told.get()
        if told is None:
            await self._running
            return None
        self._waits = True
        return told

    async def give_up(self) -> None:
        """Whatever is not done is not done any more: the container does not run, if it did not run yet."""
        self._words.put(False)
        await asyncio.wait([self._running])
        if not self._running.cancelled():
            self._running.exception()  # somebody has looked at it

    def _on_step(self, step: Row, changed: Changed) -> None:
        """In the engine's thread."""
        self._loop.call_soon_threadsafe(self._told.put_nowait, (step, changed))
        if not self._words.get():
            raise Conflict(f"the start of {self.container} was given up")


@action("seconds", "what", "command", "changed", "before", "after", "steps")
async def do_steps(place: Place, *, container: str, until: str = "") -> Done:
    """Start a container that was created, up to a step of its start, and have it wait there.

    The first time it begins; each further time it goes on, one step where `until` names none. After
    `program executed` the start is over.

    :param until: the name of a step as `lamina steps` has it.
    """
    start = place.stepped
    if start is None:
        start = place.stepped = SteppedStart(place, container)
        place.closing.push_async_callback(start.give_up)
    if start.container != container:
        raise Conflict(f"the start of {start.container} is not over yet")
    names: list[str] = []
    seconds = 0.0
    row: Row | None = None
    facts: dict[str, tuple[str, str]] = {}
    while told := await _next(place, start):
        row, changed = told
        names.append(row.name)
        seconds += row.seconds
        for fact, (before, after) in changed.items():
            facts[fact] = (facts[fact][0] if fact in facts else before, after)
        if until in ("", row.name):
            break
    else:
        if until not in ("", END):
            raise NotFound(f"the start had no more step {until!r}", hint="lamina steps CONTAINER names them")
    said = f"{', '.join(names)}; it waits there" if place.stepped else "the program runs"
    return Done(said, _figures(row, seconds, facts, len(names)))


async def _next(place: Place, start: SteppedStart) -> tuple[Row, Changed] | None:
    try:
        told = await start.step()
    except Exception:  # what is only not waited for any more still stands there
        place.stepped = None
        raise
    if told is None:
        place.stepped = None
    return told


def _figures(row: Row | None, seconds: float, facts: Changed, steps: int) -> dict[str, Figure]:
    def lines(side: int) -> str:
        return "\n".join(f"{fact}: {values[side] or '-'}" for fact, values in facts.items())

    return {
        "seconds": Figure(seconds, Unit.SECONDS),
        "what": Figure(row.what if row else ""),
        "command": Figure(row.command if row else ""),
        "changed": Figure(", ".join(facts)),
        "before": Figure(lines(0)),
        "after": Figure(lines(1)),
        "steps": Figure(steps, Unit.COUNT),
    }
