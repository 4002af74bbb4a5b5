"""What a container is to its host: the kernel they share, its processes, its memory, its first line."""

from __future__ import annotations

import asyncio
import platform
import time
from collections.abc import Iterable, Iterator
from contextlib import aclosing
from pathlib import Path

from engine.errors import Unavailable
from engine.lessons.figures import Figure, Unit
from engine.lessons.measures import Figures, count, size, text
from engine.lessons.place import Place
from engine.lessons.vocabulary import Done, action, measure
from engine.printable import printable

_FIRST_LINE = 30  # seconds in which a program must have said something


@action("seconds", "line")
async def start_to_first_line(place: Place, *, container: str) -> Done:
    """Start a container that was created, and wait for the first line of its program."""
    began = time.monotonic()
    await place.engine.start(container)
    try:
        async with asyncio.timeout(_FIRST_LINE):
            line = await _first_line(place, container)
    except TimeoutError as error:
        raise Unavailable(f"{container} said nothing within {_FIRST_LINE} s") from error
    figures = {"seconds": Figure(time.monotonic() - began, Unit.SECONDS), "line": text(line)}
    return Done(f"after {figures['seconds']}: {line}", figures)


@measure("kernel", "boot", "uptime")
async def kernel_of_host(place: Place) -> Figures:
    """The host's kernel: its version, what it calls its start, and how long ago that was."""
    boot, uptime = await asyncio.to_thread(_of_kernel)
    return {"kernel": text(platform.release()), "boot": text(boot), "uptime": Figure(uptime, Unit.SECONDS)}


@measure("memory", "counted", "processes", "pids", "seen")
async def container_on_host(place: Place, *, container: str) -> Figures:
    """A running container as the host sees it: its processes, and its memory by its control group."""
    found = await place.engine.processes(container)
    memory = await _charged(place, container)
    return {
        "memory": size(memory or sum(each.memory for each in found)),
        "counted": text("by its control group" if memory else "by its processes"),
        "processes": count(len(found)),
        "pids": text(", ".join(str(each.pid) for each in found)),
        "seen": text("\n".join(rows((each.pid, each.name) for each in found))),
    }


def rows(processes: Iterable[tuple[int, str]]) -> Iterator[str]:
    """Processes as a text tells them, one a line: number and name."""
    for pid, name in processes:
        yield f"{pid:>7} {printable(name)}"


async def _first_line(place: Place, container: str) -> str:
    async with aclosing(place.engine.logs(container, follow=True)) as batches:
        async for lines in batches:
            for line in lines:
                return printable(line.text)
    raise Unavailable(f"{container} ended without a word")


async def _charged(place: Place, container: str) -> int:
    """Bytes that its control group counts; 0 where nothing counts them."""
    async with aclosing(place.engine.stats([container])) as moments:
        async for stats in moments:
            return stats[0].memory.used if stats else 0
    return 0


def _of_kernel() -> tuple[str, float]:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return boot, float(Path("/proc/uptime").read_text("ascii").split()[0])
