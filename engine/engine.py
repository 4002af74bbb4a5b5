"""The façade: everything the engine can do, for fronts that live in an event loop.

Rooms are opened when first used, their blocking calls run in threads, and what comes back is plain
values (`engine.images.models`, `engine.containers.models`, `engine.models`). Any number of engines,
in any number of processes, may work on one store.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from engine.containers.models import ContainerOptions, ContainerSummary, LogLine, StepRow
from engine.events import Event
from engine.images.models import (
    ImageDetail,
    ImageSummary,
    LayerProgress,
    PullPlan,
    PullResult,
    RemovedImage,
)
from engine.lab.models import LabProgress, LabStatus
from engine.models import HostInfo
from engine.oci import Digest
from engine.rooms import Rooms
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.analysis.blame import Blame
    from engine.analysis.changes import LayerChanges
    from engine.analysis.compare import Comparison
    from engine.analysis.sharing import Sharing
    from engine.analysis.stacked import Stack
    from engine.analysis.waste import Waste
    from engine.images.archive_models import ArchiveFormat, Compression, LoadResult, SaveResult
    from engine.images.check_models import CheckReport, OnCheck
    from engine.images.moves import BlobProgress, Churn, PushResult, TagStanding
    from engine.inside import Inside
    from engine.layers.table import FileTable
    from engine.registry.login import LoggedIn, LoggedOut
    from engine.upkeep import Pruned, Upkeep, Usage

_Result = TypeVar("_Result")


class Engine:
    """Images, layers and containers of one store.

    Cheap to make: nothing is opened before it is used. All methods raise subclasses of
    `engine.errors.LaminaError` and nothing else on purpose. Names are Docker's: a container by name,
    id or unique prefix of its id; an image by reference, id or unique prefix of its id.

    :param settings: where the store is; see `engine.settings.load_settings`.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._rooms = Rooms(settings)

    # images

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

    async def layer_table(self, diff_id: Digest) -> FileTable:
        """The files of one layer, as its archive had them."""
        return await self._call(lambda rooms: rooms.layers.table(diff_id))

    # what is in images

    async def tree(self, name: str, layers: int | None = None) -> Stack:
        """The tree of an image's files; rows, children and sizes are asked of it without waiting.

        :param layers: how many layers from the base on; None for all.
        :raises NotFound: no image has that name. :raises InvalidArgument: it has not so many layers.
        """
        return await self._look(lambda inside: inside.stack(name, layers))

    async def changes(self, name: str, position: int) -> LayerChanges:
        """What one layer of an image changed in those below it.

        :param position: of the layer; 1 is the base.
        :raises NotFound: no image has that name. :raises InvalidArgument: it has no such layer.
        """
        return await self._look(lambda inside: inside.changes(name, position))

    async def blame(self, name: str, path: str) -> Blame:
        """Every layer of an image that touched a path.

        :raises NotFound: no image has that name, or no layer of it ever had that path.
        """
        return await self._look(lambda inside: inside.blame(name, path))

    async def waste(self, name: str) -> Waste:
        """What an image carries though no container sees it.

        :raises NotFound: no image has that name.
        """
        return await self._look(lambda inside: inside.waste(name))

    async def compare(self, old: str, new: str) -> Comparison:
        """What separates two images: layers, files, settings, and the download between them.

        :raises NotFound: no image has one of the names.
        """
        return await self._look(lambda inside: inside.compare(old, new))

    async def sharing(self, names: Sequence[str] = ()) -> Sharing:
        """Which images share which layers, and what removing these images together would free.

        :param names: of the images to tell of; all of the store where there are none.
        :raises NotFound: no image has one of the names.
        """
        return await self._look(lambda inside: inside.sharing(names))

    # containers

    async def containers(self, all: bool = True) -> list[ContainerSummary]:
        """Containers, the newest first; with `all` false only those that run."""
        return await self._call(lambda rooms: rooms.containers.list(all))

    async def container(self, name: str) -> ContainerSummary:
        """One container.

        :raises NotFound: no container has that name.
        """
        return await self._call(lambda rooms: rooms.containers.get(name))

    async def create(self, options: ContainerOptions) -> ContainerSummary:
        """Make a container of an image that is here; it does not run yet."""
        return await self._call(lambda rooms: rooms.containers.create(options))

    async def start(self, name: str) -> ContainerSummary:
        """Start a container; it outlives this process.

        :raises LaunchError: a step failed; it names the stage.
        """
        started = await self._call(lambda rooms: rooms.containers.start(name))
        return started.summary

    async def stop(self, name: str, timeout: float | None = None) -> None:  # noqa: ASYNC109  Docker's grace, not ours
        """Ask a container to end, and kill it when `timeout` seconds have passed."""
        await self._call(lambda rooms: rooms.containers.stop(name, timeout))

    async def kill(self, name: str, signal: str = "KILL") -> None:
        """Send a signal to a container's first process."""
        await self._call(lambda rooms: rooms.containers.kill(name, signal))

    async def remove(self, name: str, force: bool = False) -> None:
        """Remove a container and its writable layer; `force` kills it first."""
        await self._call(lambda rooms: rooms.containers.remove(name, force))

    async def wait(self, name: str) -> int:
        """The container's exit code, when it has ended; 137 where that is not known."""
        container = await self.container(name)
        return await _in_own_thread(lambda: self._rooms.containers.wait(container.id))

    async def inspect(self, name: str) -> dict[str, Any]:
        """A container or an image with Docker's keys; a container where both have the name."""
        return await self._call(lambda rooms: rooms.inspect(name))

    async def steps(self, name: str) -> tuple[StepRow, ...]:
        """What was done to start a container, in order, with the shell command that would do the same."""
        return await self._call(lambda rooms: rooms.containers.steps(name))

    async def logs(
        self, name: str, tail: int | None = None, follow: bool = False
    ) -> AsyncGenerator[list[LogLine], None]:
        """A container's output, in batches as they come.

        :param tail: begin with the last so many lines; None begins at the start.
        :param follow: go on until the container has ended and all is read.
        """
        from engine.follow import follow_log

        reader = await self._call(lambda rooms: rooms.containers.logs(name))
        async with aclosing(follow_log(reader, tail, follow)) as batches:
            async for batch in batches:
                yield batch

    # the store as a whole

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

    async def preview_prune(self, all_unused: bool = False) -> Pruned:
        """What `prune` would do, with the same numbers; changes nothing."""
        return await self._call(lambda rooms: _upkeep(rooms).preview_prune(all_unused))

    async def prune(self, all_unused: bool = False) -> Pruned:
        """Remove containers that do not run, images that are not needed, and what interrupted work left.

        :param all_unused: also images that have a name; else only those without.
        """
        return await self._call(lambda rooms: _upkeep(rooms).prune(all_unused))

    async def check(self, repair: bool = False, on_progress: OnCheck | None = None) -> CheckReport:
        """Compare every byte, attribute and row of the store with what it should be.

        :param repair: unpack again, or fetch again, what is damaged.
        :param on_progress: called from several threads, ten times a second.
        """
        return await _upkeep(self._rooms).check(repair, on_progress)

    async def lab_up(self, on_progress: Callable[[LabProgress], None] | None = None) -> LabStatus:
        """Make the sample images where they are missing, and serve them on a loopback port.

        :param on_progress: called in the event loop as the images are made.
        """
        loop = asyncio.get_running_loop()

        def tell(progress: LabProgress) -> None:
            if on_progress is not None:
                loop.call_soon_threadsafe(on_progress, progress)

        return await self._call(lambda rooms: rooms.lab.up(tell))

    async def lab_down(self) -> LabStatus:
        """Stop serving the sample images; what was pulled stays."""
        return await self._call(lambda rooms: rooms.lab.down())

    async def lab_status(self) -> LabStatus:
        """Whether the lab serves, where, and what."""
        return await self._call(lambda rooms: rooms.lab.status())

    async def info(self) -> HostInfo:
        """The machine, the store, and what sharing layers saves."""
        return await self._call(lambda rooms: rooms.info())

    async def _look(self, look: Callable[[Inside], _Result]) -> _Result:
        """Ask something of what is inside images, in a thread."""
        from engine.inside import Inside

        return await self._call(lambda rooms: look(Inside(rooms)))

    async def _call(self, call: Callable[[Rooms], _Result]) -> _Result:
        """Run a blocking call in a thread; a room it is the first to use is opened there too."""
        return await asyncio.to_thread(call, self._rooms)


def _upkeep(rooms: Rooms) -> Upkeep:
    from engine.upkeep import Upkeep

    return Upkeep(rooms)


async def _in_own_thread(call: Callable[[], _Result]) -> _Result:
    """Run a call that may block for days; in the pool it would take a thread from all the others."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[_Result] = loop.create_future()

    def settle(value: _Result | None, error: BaseException | None) -> None:
        if outcome.done():
            return  # whoever waited was cancelled
        if error is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(cast("_Result", value))

    def run() -> None:
        value, problem = None, None
        try:
            value = call()
        except Exception as error:  # noqa: BLE001  handed to whoever waits
            problem = error
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, value, problem)

    threading.Thread(target=run, name="wait", daemon=True).start()
    return await outcome
