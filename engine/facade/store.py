"""Verbs for the store as a whole, and for the lab."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

from engine.events import Event
from engine.facade.base import Facade
from engine.lab.models import LabProgress, LabStatus
from engine.models import HostInfo
from engine.rooms import Rooms

if TYPE_CHECKING:
    from engine.images.check_models import CheckReport, OnCheck
    from engine.upkeep import Pruned, Upkeep, Usage


class StoreVerbs(Facade):
    """What happens on a store, what it takes, and the sample images."""

    async def events(self, since: float | None = None, follow: bool = True) -> AsyncGenerator[Event, None]:
        """What happened on this store, by whichever front, and (with `follow`) what happens from now on.

        :param since: seconds since the epoch to begin at; None begins now.
        """
        from engine.follow import follow_journal

        layout, journal = await self._call(lambda rooms: (rooms.layout, rooms.journal))
        async with aclosing(follow_journal(layout, journal, since, follow)) as events:
            async for event in events:
                yield event

    async def usage(self) -> Usage:
        """What the store takes on disk, by kind, and what a prune would free."""
        return await self._call(lambda rooms: _upkeep(rooms).usage())

    async def preview_prune(self, all_unused: bool = False, volumes: bool = False) -> Pruned:
        """What `prune` would do, with the same numbers; changes nothing."""
        return await self._call(lambda rooms: _upkeep(rooms).preview_prune(all_unused, volumes))

    async def prune(self, all_unused: bool = False, volumes: bool = False) -> Pruned:
        """Remove containers that do not run, images that are not needed, and what interrupted work left.

        :param all_unused: also images that have a name; else only those without.
        :param volumes: also volumes without a name that no container has then.
        """
        return await self._call(lambda rooms: _upkeep(rooms).prune(all_unused, volumes))

    async def check(self, repair: bool = False, on_progress: OnCheck | None = None) -> CheckReport:
        """Compare every byte, attribute and row of the store with what it should be.

        :param repair: unpack again, or fetch again, what is damaged.
        :param on_progress: called from several threads, ten times a second.
        """
        return await _upkeep(self._rooms).check(repair, on_progress)

    async def lab_up(
        self, on_progress: Callable[[LabProgress], None] | None = None, *, speed: int | None = None
    ) -> LabStatus:
        """Make the sample images where they are missing, and serve them on a loopback port.

        :param on_progress: called in the event loop as the images are made.
        :param speed: bytes a second that all pulls together are held to; 0 is no limit, None leaves it.
        """
        loop = asyncio.get_running_loop()

        def tell(progress: LabProgress) -> None:
            if on_progress is not None:
                loop.call_soon_threadsafe(on_progress, progress)

        return await self._call(lambda rooms: rooms.lab.up(tell, speed=speed))

    async def lab_down(self) -> LabStatus:
        """Stop serving the sample images; what was pulled stays."""
        return await self._call(lambda rooms: rooms.lab.down())

    async def lab_status(self) -> LabStatus:
        """Whether the lab serves, where, and what."""
        return await self._call(lambda rooms: rooms.lab.status())

    async def info(self) -> HostInfo:
        """The machine, the store, and what sharing layers saves."""
        return await self._call(lambda rooms: rooms.info())


def _upkeep(rooms: Rooms) -> Upkeep:
    from engine.upkeep import Upkeep

    return Upkeep(rooms)
