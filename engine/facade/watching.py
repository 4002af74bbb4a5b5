"""Verbs that watch containers run: what they use, what runs in them, what the kernel shows them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING

from engine.facade.base import Facade

if TYPE_CHECKING:
    from engine.containers.namespaces import ContainerNamespaces
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
