"""Writing logs to a file of this host: whole lines, all of them, in the order of their times."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AsyncExitStack, aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from engine.containers.models import LogLine
from tui.logs.book import LogBook
from tui.logs.since import Since
from tui.source import Source
from tui.updates import Followed


class Wish:
    """What to write.

    :param until: only what came then or earlier, seconds since the epoch: who writes faster than one reads
        would else never come to an end.
    :param times: put the time before each line, as `lamina logs -t` does.
    :param words: only lines that pass this filter.
    """

    def __init__(
        self, of: tuple[Followed, ...], since: Since, until: float, words: str, *, times: bool
    ) -> None:
        self.of, self.since, self.until, self.times = of, since, until, times
        self._filter = LogBook()
        self._filter.set_filter(words)

    def line(self, number: int, line: LogLine) -> bytes:
        """A line as it is written; b"" where the filter leaves it out."""
        if not line.dropped and not self._filter.lets_pass(line.text):
            return b""
        stamp = ""
        if self.times:
            stamp = datetime.fromtimestamp(line.time, UTC).isoformat(timespec="microseconds") + " "
        name = f"{self.of[number].name} " if len(self.of) > 1 else ""
        # The program's own bytes: what was not UTF-8 is written as it came.
        return f"{stamp}{name}{line.text}\n".encode("utf-8", "surrogateescape")


async def save(source: Source, wish: Wish, target: Path, on_lines: Callable[[int], None]) -> tuple[int, int]:
    """Write logs to a file that is not there yet; gives how many lines and bytes it has.

    What was written goes when it cannot be finished.

    :raises OSError: it is there already, or cannot be written.
    """
    file = await asyncio.to_thread(target.open, "xb")
    try:
        with file:
            return await _write(source, wish, file, on_lines)
    except BaseException:
        await asyncio.shield(asyncio.to_thread(target.unlink, missing_ok=True))
        raise


async def _write(
    source: Source, wish: Wish, file: BinaryIO, on_lines: Callable[[int], None]
) -> tuple[int, int]:
    lines = size = 0
    async with AsyncExitStack() as stack:
        readers = [
            await stack.enter_async_context(aclosing(_lines(source, number, one.id, wish)))
            for number, one in enumerate(wish.of)
        ]
        async with aclosing(_merged(readers)) as batches:
            async for batch in batches:
                data = [text for number, line in batch if (text := wish.line(number, line))]
                await asyncio.to_thread(file.writelines, data)
                lines += len(data)
                size += sum(map(len, data))
                on_lines(lines)
    return lines, size


Numbered = tuple[int, LogLine]


async def _lines(
    source: Source, number: int, container: str, wish: Wish
) -> AsyncGenerator[list[Numbered], None]:
    async with aclosing(source.logs(container, since=wish.since.moment, until=wish.until)) as batches:
        async for batch in batches:
            yield [(number, line) for line in batch]


async def _merged(
    readers: list[AsyncGenerator[list[Numbered], None]],
) -> AsyncGenerator[list[Numbered], None]:
    """Lines of several logs by their times; each log is in its own order."""
    if len(readers) == 1:
        async for batch in readers[0]:
            yield batch
        return
    waiting: dict[int, list[Numbered]] = {}
    for place, reader in enumerate(readers):
        await _fill(waiting, place, reader)
    while waiting:
        # All that comes before the last known line of each log is known to be in order.
        end = min(batch[-1][1].time for batch in waiting.values())
        ready: list[Iterable[Numbered]] = []
        for place, batch in list(waiting.items()):
            cut = next((at for at, (_, line) in enumerate(batch) if line.time > end), len(batch))
            ready.append(batch[:cut])
            waiting[place] = batch[cut:]
            if not waiting[place]:
                await _fill(waiting, place, readers[place])
        yield list(heapq.merge(*ready, key=lambda pair: pair[1].time))


async def _fill(
    waiting: dict[int, list[Numbered]], place: int, reader: AsyncGenerator[list[Numbered], None]
) -> None:
    """Put the next lines of a log where they wait; nothing waits where it is over."""
    waiting.pop(place, None)
    async for batch in reader:
        if batch:
            waiting[place] = batch
            return
