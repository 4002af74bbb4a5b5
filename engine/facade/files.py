"""Verbs for the files of containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.facade.base import Facade

if TYPE_CHECKING:
    from engine.containers.changes import Change


class FileVerbs(Facade):
    """What containers changed, and how files come out of them and go in."""

    async def container_changes(self, name: str) -> list[Change]:
        """What a container changed in the files of its image, in the order of paths.

        :raises NotFound: no container has that name.
        """
        return await self._call(lambda rooms: rooms.files.changes(name))
