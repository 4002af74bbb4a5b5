"""Verbs for the files of containers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.facade.base import Facade

if TYPE_CHECKING:
    from engine.containers.changes import Change
    from engine.containers.writing import Copied
    from engine.images.making import MadeImage
    from engine.volumes.models import VolumeEntry


class FileVerbs(Facade):
    """What containers changed, and how files come out of them and go in."""

    async def container_changes(self, name: str) -> list[Change]:
        """What a container changed in the files of its image, in the order of paths.

        :raises NotFound: no container has that name.
        """
        return await self._call(lambda rooms: rooms.files.changes(name))

    async def browse_container(self, name: str, path: str = "/") -> list[VolumeEntry]:
        """A directory of a container as its program sees it. :raises NotFound: it is not there."""
        return await self._call(lambda rooms: rooms.files.browse(name, path))

    async def read_container(self, name: str, path: str, limit: int = 1 << 20) -> bytes:
        """The first `limit` bytes of a regular file of a container."""
        return await self._call(lambda rooms: rooms.files.read(name, path, limit))

    async def copy_out(
        self, name: str, path: str, target: str | int, *, archive: bool = False, follow: bool = False
    ) -> Copied:
        """Copy a file or directory of a container to the host; see `ContainerFiles.copy_out`.

        :param target: a path of the host, or a descriptor that takes a tar archive.
        :param archive: keep owners. :param follow: copy what a link leads to.
        """
        return await self._call(
            lambda rooms: rooms.files.copy_out(name, path, target, archive=archive, follow=follow)
        )

    async def copy_in(
        self, name: str, source: str | int, path: str, *, archive: bool = False, follow: bool = False
    ) -> Copied:
        """Copy a file or directory of the host into a container; see `ContainerFiles.copy_in`.

        :param source: a path of the host, or a descriptor to read a tar archive from.
        """
        return await self._call(
            lambda rooms: rooms.files.copy_in(name, source, path, archive=archive, follow=follow)
        )

    async def commit(
        self,
        name: str,
        reference: str = "",
        *,
        message: str = "",
        author: str = "",
        changes: Sequence[str] = (),
        pause: bool = True,
    ) -> MadeImage:
        """Make an image of a container; see `ContainerFiles.commit`."""
        files = await self._call(lambda rooms: rooms.files)
        return await files.commit(
            name, reference, message=message, author=author, changes=changes, pause=pause
        )

    async def export(self, name: str, output: int) -> int:
        """Write all files of a container as a tar archive to a descriptor; its bytes."""
        return await self._call(lambda rooms: rooms.files.export(name, output))

    async def import_archive(
        self,
        source: int,
        reference: str = "",
        *,
        message: str = "",
        changes: Sequence[str] = (),
        platform: str = "",
    ) -> MadeImage:
        """Make an image of a root file system's tar archive; see `ImageService.import_archive`."""
        images = await self._call(lambda rooms: rooms.images)
        return await images.import_archive(
            source, reference, message=message, changes=changes, platform=platform
        )
