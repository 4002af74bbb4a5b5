"""Verbs for volumes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.facade.base import Facade

if TYPE_CHECKING:
    from engine.containers.writing import Copied
    from engine.volumes.models import PrunedVolumes, Volume, VolumeEntry


class VolumeVerbs(Facade):
    """The volumes of one store."""

    async def volumes(self, sizes: bool = False) -> list[Volume]:
        """All volumes, by name. :param sizes: measure them, which reads every directory."""
        return await self._call(lambda rooms: rooms.volumes.list(sizes))

    async def volume(self, name: str) -> Volume:
        """One volume, measured. :raises NotFound: there is none of that name."""
        return await self._call(lambda rooms: rooms.volumes.get(name, True))

    async def create_volume(self, name: str = "", labels: Mapping[str, str] | None = None) -> Volume:
        """Make a volume; one of the name is given as it is. An empty name makes an anonymous one."""
        return await self._call(lambda rooms: rooms.volumes.create(name, labels))

    async def remove_volume(self, name: str) -> None:
        """Remove a volume with all that is in it. :raises Conflict: a container has it, running or not."""
        await self._call(lambda rooms: rooms.volumes.remove(name))

    async def preview_prune_volumes(self, all_unused: bool = False) -> PrunedVolumes:
        """What `prune_volumes` would do."""
        return await self._call(lambda rooms: rooms.volumes.preview_prune(all_unused))

    async def prune_volumes(self, all_unused: bool = False) -> PrunedVolumes:
        """Remove volumes that no container has: those without a name, or all."""
        return await self._call(lambda rooms: rooms.volumes.prune(all_unused))

    async def browse_volume(self, name: str, path: str = "/") -> list[VolumeEntry]:
        """A directory of a volume, by name. :raises NotFound: it is not there."""
        from engine.volumes.browse import browse

        return await self._call(lambda rooms: browse(rooms.volumes.data(rooms.volumes.get(name).name), path))

    async def read_volume(self, name: str, path: str, limit: int = 1 << 20) -> bytes:
        """The first `limit` bytes of a file of a volume."""
        from engine.volumes.browse import read

        return await self._call(
            lambda rooms: read(rooms.volumes.data(rooms.volumes.get(name).name), path, limit)
        )

    async def copy_out_of_volume(self, name: str, path: str, target: str) -> Copied:
        """Copy a file or directory of a volume to an absolute path of the host, by the rules of `cp`."""
        from engine.containers.volume_files import copy_out

        return await self._call(lambda rooms: copy_out(rooms.volumes, name, path, target))

    async def copy_into_volume(self, name: str, source: str, path: str) -> Copied:
        """Copy a file or directory of the host into a volume; what is copied belongs to root."""
        from engine.containers.volume_files import copy_in

        return await self._call(lambda rooms: copy_in(rooms.volumes, name, source, path))
