"""Verbs for images: where they come from, where they go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.facade.base import Facade
from engine.images.models import (
    ImageDetail,
    ImageSummary,
    LayerProgress,
    PullPlan,
    PullResult,
    RemovedImage,
)

if TYPE_CHECKING:
    from engine.images.archive_models import ArchiveFormat, Compression, LoadResult, SaveResult
    from engine.images.moves import BlobProgress, Churn, PushResult, TagStanding
    from engine.registry.login import LoggedIn, LoggedOut


class ImageVerbs(Facade):
    """Images of one store and of registries."""

    async def images(self) -> list[ImageSummary]:
        """All images of the store, the newest first."""
        return await self._call(lambda rooms: rooms.images.list())

    async def image(self, name: str) -> ImageDetail:
        """Everything about one image.

        :raises NotFound: no image has that name.
        """
        return await self._call(lambda rooms: rooms.images.get(name))

    async def plan(self, reference: str, platform: str = "") -> PullPlan:
        """What pulling a reference would fetch and what is here already; asks the registry, changes nothing.

        :param platform: `os/architecture[/variant]`; the host's where empty.
        """
        images = await self._call(lambda rooms: rooms.images)
        return await images.plan(reference, platform)

    async def pull(
        self,
        reference: str,
        platform: str = "",
        *,
        on_plan: Callable[[PullPlan], None] | None = None,
        on_progress: Callable[[LayerProgress], None] | None = None,
    ) -> PullResult:
        """Bring an image here; only layers that are missing travel. Cancel the task to cancel the pull.

        :param on_plan: called once, in the event loop, before the first byte travels.
        :param on_progress: called in the event loop, many times a second.
        """
        images = await self._call(lambda rooms: rooms.images)
        return await images.pull(reference, platform, on_plan=on_plan, on_progress=on_progress)

    async def push(self, name: str, *, on_blob: Callable[[BlobProgress], None] | None = None) -> PushResult:
        """Give the registry in an image's name the image; only what it lacks travels.

        :param on_blob: called in the event loop, many times a second.
        """
        images = await self._call(lambda rooms: rooms.images)
        return await images.push(name, on_blob=on_blob)

    async def copy_image(
        self,
        source: str,
        target: str,
        *,
        platform: str = "",
        everything: bool = False,
        on_blob: Callable[[BlobProgress], None] | None = None,
    ) -> PushResult:
        """Copy an image from registry to registry; nothing is unpacked or kept here.

        :param platform: which image of an index; the host's where empty.
        :param everything: the whole index, with the images of all platforms.
        """
        from engine.images.copying import copy

        return await copy(
            self.settings, source, target, platform=platform, everything=everything, on_blob=on_blob
        )

    async def outdated(
        self, names: tuple[str, ...] = (), *, on_standing: Callable[[TagStanding], None] | None = None
    ) -> tuple[TagStanding, ...]:
        """How tags that are here stand to their registries, and what an update would fetch.

        :param on_standing: called in the event loop, with each as its registry has answered.
        """
        images = await self._call(lambda rooms: rooms.images)
        return await images.outdated(names, on_standing=on_standing)

    async def churn(
        self, repository: str, *, last: int = 10, pattern: str = "*", platform: str = ""
    ) -> Churn:
        """Which layers changed between the last tags of a repository, and what each release cost.

        :param pattern: tags that count, as in a shell (`15.*`).
        """
        from engine.images.churn import churn

        return await churn(self.settings, repository, last=last, pattern=pattern, platform=platform)

    async def tags(self, repository: str) -> list[str]:
        """The tags of a repository, in its registry's order."""
        from engine.oci import Reference
        from engine.registry import RegistryClient

        async with RegistryClient(self.settings) as client:
            return await client.tags(Reference.parse(repository))

    async def login(self, registry: str, username: str, password: str) -> LoggedIn:
        """Try a user's name and password at a registry, and keep them where it takes them.

        :raises Unauthorized: it does not; nothing is kept.
        """
        from engine.registry.credentials import Credential
        from engine.registry.login import login, registry_name

        return await login(self.settings, registry_name(registry), Credential(username, password))

    async def logout(self, registry: str) -> LoggedOut:
        """Forget what a login kept."""
        from engine.registry.login import logout, registry_name

        return await logout(self.settings, registry_name(registry))

    async def tag_image(self, name: str, target: str) -> None:
        """Give an image one more name; one that another image had leads here from now on.

        :raises NotFound: no image has that name. :raises InvalidArgument: `target` is no reference.
        """
        await self._call(lambda rooms: rooms.images.tag(name, target))

    async def preview_remove(self, name: str, force: bool = False) -> RemovedImage:
        """What `remove_image` would do; changes nothing."""
        return await self._call(lambda rooms: rooms.images.preview_remove(name, force))

    async def remove_image(self, name: str, force: bool = False) -> RemovedImage:
        """Take a name from an image and, with its last name, the image and the layers only it had.

        :raises Conflict: a container needs the image, or (without `force`) an id with several names.
        """
        return await self._call(lambda rooms: rooms.images.remove(name, force))

    async def load(
        self,
        source: Path,
        platform: str = "",
        *,
        on_plan: Callable[[PullPlan], None] | None = None,
        on_progress: Callable[[LayerProgress], None] | None = None,
    ) -> LoadResult:
        """Bring the images of an archive here; cancel the task to cancel it.

        :param source: what `docker save` writes, or an OCI image layout: a tar file or a directory.
        :param on_plan: called in the event loop for each image, before its first layer is read.
        """
        images = await self._call(lambda rooms: rooms.images)
        return await images.load(source, platform, on_plan=on_plan, on_progress=on_progress)

    async def save(
        self,
        names: Sequence[str],
        target: Path,
        form: ArchiveFormat | None = None,
        compression: Compression | None = None,
    ) -> SaveResult:
        """Write images to an archive, which appears when it is whole.

        :param form: `docker-archive` where None.
        :param compression: of the layers; where None none in a docker-archive, else as they came.
        """
        return await self._call(lambda rooms: rooms.images.save(names, target, form, compression))
