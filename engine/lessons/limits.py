"""Watching what a container uses while it runs into its limits."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

from engine.errors import InvalidArgument, NotFound, Unavailable
from engine.lessons.figures import Figure, Unit
from engine.lessons.measures import Figures
from engine.lessons.pictures import plotted
from engine.lessons.place import Place
from engine.lessons.vocabulary import Done, Found, Resource, Series, StepNotSupported, action, check, measure

if TYPE_CHECKING:
    from engine.runtime.usage import ContainerStats

_INTERVAL = 0.1  # seconds from sample to sample
_LONGEST = 30.0  # seconds that a lesson may watch
_MB = 1_000_000
_LINES = 50  # of an output that are looked at
_KINDS = {"memory": "memory", "cpu": "processors", "pids": "processes"}
_TITLES = {
    "memory": "Memory, in MB",
    "cpu": "Processor, in percent of one",
    "throttled": "Periods in which it had to wait, in percent",
    "processes": "Processes",
}
_USE = (
    "memory", "memory_most", "memory_limit", "cpu", "cpu_average", "throttled", "throttled_seconds",
    "processes", "processes_most", "processes_limit", "samples", "seconds",
)  # fmt: skip


@action()
async def limit_can_be_kept(place: Place, *, what: Resource) -> Done:
    """Look whether this machine can limit memory, cpu or pids; where it cannot, the step is left out."""
    if what not in _KINDS:
        raise InvalidArgument(f"there is no limit of {what!r}", hint=f"there are: {', '.join(_KINDS)}")
    info = await place.engine.info()
    if what in info.limits:
        return Done(f"this machine can limit {_KINDS[what]}")
    missing = info.rootless.missing if info.rootless else ()
    remedy = next((each.command for each in missing if each.what == "control groups"), "")
    raise StepNotSupported(
        f"no control group that limits {_KINDS[what]} is Lamina's here",
        hint=f"this would add it: {remedy}" if remedy else "lamina info says what can be limited",
    )


@action(*_USE)
async def watch(place: Place, *, container: str, seconds: float, until: str = "", draw: Series = "") -> Done:
    """Start a container that was created, and sample what it uses until it ends or the time is over.

    :param until: a text; sampling stops as soon as the container has written it. It is an error if it does
        not within the time, unless the container ends before.
    :param draw: a series that is drawn meanwhile: memory, cpu, throttled, processes.
    """
    _check_time(seconds)
    if draw not in ("", *_TITLES):
        raise InvalidArgument(f"there is no series {draw!r}", hint=f"there are: {', '.join(_TITLES)}")

    def show(samples: list[ContainerStats]) -> None:
        if draw and isinstance(series := _use(samples)[draw].value, tuple):
            place.sketch(plotted(series, _TITLES[draw]))

    await place.engine.start(container)
    samples, ended = await _sampled(place, container, seconds, until, show)
    figures = _use(samples)
    if until and not ended and not await _wrote(place, container, until):
        raise Unavailable(f"{container} did not write {until!r} within {seconds:g} s")
    return Done(f"{len(samples)} samples of {container} in {figures['seconds']}", figures)


@measure(*_USE)
async def use(place: Place, *, container: str, seconds: float) -> Figures:
    """What a running container uses, as series over so many seconds: memory, processor, processes."""
    _check_time(seconds)
    if (found := await place.engine.container(container)).status != "running":
        raise NotFound(f"{container} does not run, it is {found.status}")
    samples, _ = await _sampled(place, container, seconds, "", lambda _: None)
    return _use(samples)


@check
async def ran_out_of_memory(place: Place, *, container: str) -> Found:
    """A container's program was killed by the kernel because it wanted more memory than its limit."""
    try:
        state = (await place.engine.inspect(container))["State"]
    except NotFound:
        return Found(False, f"there is no container {container}")
    killed = bool(state["OOMKilled"])
    return Found(killed, f"{container} {'ran' if killed else 'did not run'} out of memory")


def _check_time(seconds: float) -> None:
    if not 0 < seconds <= _LONGEST:
        raise InvalidArgument(f"{seconds:g} seconds are not within 0 and {_LONGEST:g}")


async def _sampled(
    place: Place, container: str, seconds: float, until: str, show: Callable[[list[ContainerStats]], None]
) -> tuple[list[ContainerStats], bool]:
    """Samples of the time in which it ran, and whether it has ended.

    :param show: called after each, with all so far.
    """
    samples: list[ContainerStats] = []
    deadline = time.monotonic() + seconds
    over = False
    async with aclosing(place.engine.stats([container], _INTERVAL)) as moments:
        async for rows in moments:
            if not rows or not rows[0].running:
                return samples, True
            samples.append(rows[0])
            show(samples)
            if over:
                break
            # Once more then, so that it is seen how it stands when it has written that.
            over = time.monotonic() > deadline or bool(until and await _wrote(place, container, until))
    return samples, False


async def _wrote(place: Place, container: str, text: str) -> bool:
    async for lines in place.engine.logs(container, tail=_LINES):
        if any(text in line.text for line in lines):
            return True
    return False


def _use(samples: list[ContainerStats]) -> dict[str, Figure]:
    """Series, that of the memory in MB, and what is told of them.

    :raises Unavailable: nothing was seen of it.
    """
    if not samples:
        raise Unavailable("it ended before anything of it was seen", hint="do the step again")
    first, last = samples[0], samples[-1]
    took = last.time - first.time
    memory = [each.memory.used for each in samples]
    processes = [each.processes for each in samples]
    average = 100 * (last.cpu.seconds - first.cpu.seconds) / took if took > 0 else math.nan
    return {
        "memory": _series([each / _MB for each in memory]),
        "memory_most": Figure(max(memory), Unit.BYTES),
        "memory_limit": Figure(last.memory.limit, Unit.BYTES),
        "cpu": _series([each.cpu.of_core or 0.0 for each in samples[1:]]),
        "cpu_average": Figure(average, Unit.PERCENT),
        "throttled": _series([each.cpu.throttled or 0.0 for each in samples[1:]]),
        "throttled_seconds": Figure(last.cpu.throttled_seconds, Unit.SECONDS),
        "processes": _series([float(each) for each in processes]),
        "processes_most": Figure(max(processes), Unit.COUNT),
        "processes_limit": Figure(last.processes_limit or 0, Unit.COUNT),
        "samples": Figure(len(samples), Unit.COUNT),
        "seconds": Figure(took, Unit.SECONDS),
    }


def _series(values: list[float]) -> Figure:
    return Figure(tuple(values), Unit.SERIES)
