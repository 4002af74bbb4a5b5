"""Verbs that watch containers run: what they use, what runs in them, what the kernel shows them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING

from engine.facade.base import Facade

if TYPE_CHECKING:
    from engine.containers.namespaces import ContainerNamespaces
    from engine.containers.overlays import OverlayChange, OverlayView
    from engine.runtime.processes import ProcessRow
    from engine.runtime.usage import ContainerStats


class WatchVerbs(Facade):
    """Containers while they run."""

    async def stats(
        self, names: Sequence[str] = (), interval: float = 1.0, all: bool = False
    ) -> AsyncGenerator[list[ContainerStats], None]:
        """What containers use, sample after sample, without an end; the first comes at once, without rates.

        :param names: of the containers; none are all that run, whoever comes and goes.
        :param interval: seconds from sample to sample. :param all: also those that do not run.
        :raises NotFound: a name is nobody's.
        """
        import asyncio

        from engine.containers.sampling import Sampler

        sampler = await self._call(lambda rooms: Sampler(rooms.kept, names, all))
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            yield await asyncio.to_thread(sampler.sample)
            due = max(due + interval, loop.time())  # a reader that was slow is not caught up with
            await asyncio.sleep(due - loop.time())

    async def processes(self, name: str) -> list[ProcessRow]:
        """What runs in a container. :raises Conflict: it does not run."""
        from engine.containers.processes import processes

        return await self._call(lambda rooms: processes(rooms.kept, name))

    async def namespaces(self, name: str) -> ContainerNamespaces:
        """What the kernel shows a container and what it shows the host. :raises Conflict: it does not run."""
        from engine.containers.namespaces import namespaces

        return await self._call(lambda rooms: namespaces(rooms.kept, name))

    async def overlay(self, name: str) -> OverlayView:
        """A container's stack, all that it did to its writable layer, and what a commit would weigh."""
        from engine.containers.overlays import overlay_view

        return await self._call(lambda rooms: overlay_view(rooms.kept, rooms.images, name))

    async def overlay_changes(self, name: str) -> AsyncGenerator[list[OverlayChange], None]:
        """What a container does to its writable layer from now on, in batches, until it ends."""
        import asyncio
        import time

        from engine.containers.overlay_feed import OverlayFeed
        from engine.containers.overlays import stack_of
        from engine.follow import readable

        stack, pid = await self._call(lambda rooms: stack_of(rooms.kept, rooms.images, name))
        with await asyncio.to_thread(OverlayFeed, stack) as feed:
            while pid:
                await readable(feed, time.time() + 1)
                # Asked before the last look, so that what it did until its end is seen.
                _, pid = await self._call(lambda rooms: stack_of(rooms.kept, rooms.images, name))
                if found := await asyncio.to_thread(feed.read):
                    yield found
