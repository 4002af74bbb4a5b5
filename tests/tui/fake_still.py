"""A store whose containers use what the test says, and nothing by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from engine.runtime.usage import ContainerStats
from tests.tui.driving import Driver, app_of
from tests.tui.fake import FakeSource
from tests.tui.fake_running import sample
from tui.updates import StatsKnown


class StillSource(FakeSource):
    """Samples come from `sampled` alone."""

    async def stats(
        self, names: Sequence[str] = (), interval: float = 1.0, all: bool = False
    ) -> AsyncGenerator[list[ContainerStats], None]:
        await asyncio.Event().wait()
        yield []


def sampled(pilot: Driver, first: int, end: int) -> None:
    """Let samples come, two seconds of the store's time apart."""
    app = app_of(pilot)
    for moment in range(first, end):
        samples = (sample(item, moment) for item in app.state.containers or () if item.pid)
        app.state.apply([StatsKnown(tuple(samples))])
