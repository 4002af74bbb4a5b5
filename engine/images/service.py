"""Images: what is here, and how others come here and go; blocking calls, but for what asks a registry."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.errors import InvalidArgument
from engine.events import Event
from engine.images.recipe import Recipes
from engine.oci.digest import Digest

if TYPE_CHECKING:
    from pathlib import Path

    # `ps` opens this room without asking it anything: what only some calls need is loaded by them.
    from engine.images.archive_models import ArchiveFormat, Compression, LoadResult, SaveResult
    from engine.images.check_models import CheckReport, OnCheck
    from engine.images.checking import Container
    from engine.images.documents import Documents
    from engine.images.making import Draft, MadeImage, Write
    from engine.images.models import (
        ImageDetail,
        ImageSummary,
        LayerProgress,
        PullPlan,
        PullResult,
        RemovedImage,
    )
    from engine.images.moves import BlobProgress, PushResult, TagStanding
    from engine.images.pruning import PrunedImages
    from engine.settings import Settings
    from engine.store.database import Database


class Resolved(NamedTuple):
    """The image that a person named.

    :param name: canonical reference it was found by; "" when by its id.
    :param diff_ids: its layers, base first.
    """

    id: Digest
    name: str
    diff_ids: tuple[Digest, ...]


class ImageService(Recipes):
    """The images of one store; see `Recipes` for where that is.

    :param running: whether a container, by id, runs. Without it every container is taken to run, so an
        image with containers is never removed.
    """

    def __init__(
        self,
        settings: Settings,
        running: Callable[[str], bool] | None = None,
        database: Database | None = None,
    ) -> None:
        super().__init__(settings, database)
        self._running = running or (lambda _: True)

    def close(self) -> None:
        """Let go of the database: whoever does so last folds up its log. What is asked next opens it anew.

        For processes that end without taking the interpreter apart.
        """
        self._parts.database.close()

    def list(self) -> list[ImageSummary]:
        """All images, the newest first."""
        from engine.images.views import summary

        catalogue = self._catalogue()
        return [summary(image, catalogue) for image in catalogue.images]

    def get(self, name: str) -> ImageDetail:
        """Everything about one image.

        :raises NotFound: no image has that name. :raises Conflict: several ids begin so.
        """
        from engine.images.naming import find
        from engine.images.views import detail

        catalogue = self._catalogue()
        image = find(catalogue, name).image
        return detail(image, catalogue, self.config(image.id))

    def resolve(self, name: str) -> Resolved:
        """The image of a reference, an id, or the unique start of an id.

        :raises NotFound: no image has that name. :raises Conflict: several ids begin so.
        """
        match = self._find(name)
        return Resolved(match.image.id, match.name, match.image.stack)

    def inspect(self, name: str) -> dict[str, Any]:
        """One image with Docker's keys.

        :raises NotFound: no image has that name.
        """
        from engine.images.inspection import inspection
        from engine.images.platforms import read_platforms

        image = self._find(name).image
        with self._parts.database.read() as connection:
            platforms = read_platforms(connection, image.id)
        return inspection(image, self.config(image.id), platforms)

    def tag(self, source: str, target: str) -> None:
        """Give an image a further name; a name that another image had is taken from it.

        :raises NotFound: no image is called `source`.
        :raises InvalidArgument: `target` is no name that a tag can have.
        """
        import time

        from engine.images.catalogue import read_catalogue
        from engine.images.commit import point
        from engine.images.naming import find
        from engine.oci.reference import Reference

        reference = Reference.parse(target)
        if reference.digest is not None:
            raise InvalidArgument(f"{target} names an image by its digest", hint="give a name like app:1.2")
        with self._parts.database.write() as connection:
            image = find(read_catalogue(connection), source).image
            point(connection, str(reference), image.id)
        attributes = {"name": reference.familiar}
        self._parts.journal.append(Event(time.time(), "image", "tag", image.id, attributes))

    def preview_remove(self, name: str, force: bool = False) -> RemovedImage:
        """What `remove` would do, with the same numbers and the same refusals; changes nothing."""
        from engine.images.remove import preview

        return preview(self._parts, name, force, self._running)

    def remove(self, name: str, force: bool = False) -> RemovedImage:
        """Take a name from an image; with its last one goes the image, and the layers only it had.

        :param name: a reference, or an id for the whole image.
        :param force: take all names of an id; and take the names of an image that stopped containers need,
            which itself stays.
        :raises NotFound: no image has that name.
        :raises Conflict: a container needs it (a running one in any case), or an id has several names.
        """
        from engine.images.remove import remove

        return remove(self._parts, name, force, self._running)

    def preview_prune(self, all_unused: bool = False, gone: Collection[str] = ()) -> PrunedImages:
        """What `prune` would do, with the same numbers; changes nothing."""
        from engine.images.pruning import preview_prune

        return preview_prune(self._parts, all_unused, gone)

    def prune(self, all_unused: bool = False, gone: Collection[str] = ()) -> PrunedImages:
        """Remove images without a name and without containers, and what belongs to no image at all.

        What a pull under way needs stays, whoever pulls.

        :param all_unused: also images that have a name.
        :param gone: ids of containers that are taken for removed.
        """
        from engine.images.pruning import prune

        return prune(self._parts, all_unused, gone)

    def blob_sizes(self) -> tuple[int, ...]:
        """Bytes of every blob that an image needs and that is here: layers as they travelled, documents."""
        from engine.images.leftovers import needed

        blobs = self._parts.blobs
        digests = map(Digest, needed(self._catalogue().images))
        return tuple(blobs.size(digest) for digest in digests if blobs.has(digest))

    async def check(
        self,
        containers: Sequence[Container],
        running: Callable[[str], bool],
        repair: bool = False,
        on_progress: OnCheck | None = None,
    ) -> CheckReport:
        """Look at every byte, attribute and row; see `engine.upkeep.Upkeep.check`.

        :param containers: all there are. :param running: whether one, by id, runs.
        """
        from engine.images.check import check

        return await check(self._parts, containers, running, repair, on_progress)

    def documents(self, image_id: Digest) -> Documents:
        """Manifest and config of an image that is here, by its whole id.

        :raises NotFound: it is not. :raises Corrupt: one is damaged.
        """
        from engine.images.documents import read_documents
        from engine.images.naming import find

        return read_documents(self._parts, find(self._catalogue(), image_id).image)

    async def make(self, draft: Draft, write: Write, action: str) -> MadeImage:
        """Make an image of a layer that is written now; see `engine.images.making.make_image`."""
        from engine.images.making import make_image

        return await make_image(self._parts, draft, write, action)

    async def import_archive(
        self,
        source: int,
        reference: str = "",
        *,
        message: str = "",
        changes: Sequence[str] = (),
        platform: str = "",
    ) -> MadeImage:
        """Make an image of one layer of a root file system's tar archive, packed or not.

        :param source: descriptor to read it from. :param changes: in the words of a Dockerfile.
        :raises Malformed: it is no archive. :raises InvalidArgument: a change cannot be meant.
        """
        from engine.images.importing import import_archive
        from engine.images.opening import Stream

        return await import_archive(
            self._parts, Stream(source), reference, message=message, changes=changes, platform=platform
        )

    async def plan(self, reference: str, platform: str = "") -> PullPlan:
        """What pulling a reference would fetch; asks the registry, changes nothing.

        :param platform: `os/architecture[/variant]`; the host's where empty.
        """
        from engine.images.pull import plan

        return await plan(self._parts, reference, platform)

    async def pull(
        self,
        reference: str,
        platform: str = "",
        *,
        on_plan: Callable[[PullPlan], None] | None = None,
        on_progress: Callable[[LayerProgress], None] | None = None,
    ) -> PullResult:
        """Bring an image here; only layers that are missing travel.

        When the task is cancelled, its helpers end, and what has arrived is kept for the next pull.

        :param on_plan: called once, before the first layer travels.
        :param on_progress: called at every change of a layer's state, and ten times a second for its bytes.
        :raises NotFound: the registry has no such image, or none for the platform.
        :raises Unavailable: the registry does not answer, or the disk is full.
        :raises DigestMismatch: what came is not what its digest says.
        """
        from engine.images.pull import pull

        return await pull(self._parts, reference, platform, on_plan, on_progress)

    async def push(self, name: str, *, on_blob: Callable[[BlobProgress], None] | None = None) -> PushResult:
        """Give the registry in an image's name the image: only what it lacks travels, the manifest last.

        :param name: a tag that the image has here.
        :param on_blob: called at every change of a layer's state, and ten times a second for its bytes.
        :raises NotFound: no image has that name, or a layer is neither here as it travelled nor there.
        :raises Unauthorized, PermissionDenied: the registry does not let us.
        :raises Unavailable: it does not answer.
        """
        from engine.images.push import push

        return await push(self._parts, name, on_blob)

    def tags_of(self, name: str) -> tuple[str, ...]:
        """The names here with a tag in the repository of `name`, sorted.

        :raises NotFound: there is none.
        """
        from engine.images.push import tags_here

        return tuple(tags_here(self._parts, name))

    async def outdated(
        self, names: tuple[str, ...] = (), *, on_standing: Callable[[TagStanding], None] | None = None
    ) -> tuple[TagStanding, ...]:
        """How tags that are here stand to their registries, and what an update would fetch; sorted by name.

        :param names: of images; all where empty.
        :param on_standing: called with each as its registry has answered.
        :raises NotFound: no image has one of the names.
        """
        from engine.images.outdated import outdated

        return tuple(await outdated(self._parts, names, on_standing))

    async def load(
        self,
        source: Path | int,
        platform: str = "",
        *,
        on_plan: Callable[[PullPlan], None] | None = None,
        on_progress: Callable[[LayerProgress], None] | None = None,
    ) -> LoadResult:
        """Bring the images of an archive here: what `docker save` writes, or an OCI image layout.

        Each image becomes known when all of it stands, in the archive's order.

        :param source: a tar file (plain, gzip or zstd), a directory, or an open descriptor of one or a pipe.
        :param on_plan: called for each image before its first layer is read.
        :raises Malformed: the archive breaks its specification. :raises NotFound: there is no such file.
        :raises DigestMismatch: what it holds is not what its digest says.
        """
        from engine.images.loading import load

        return await load(self._parts, source, platform, on_plan, on_progress)

    def save(
        self,
        names: Sequence[str],
        target: Path | int,
        form: ArchiveFormat | None = None,
        compression: Compression | None = None,
    ) -> SaveResult:
        """Write images to an archive; a file or directory appears when it is whole.

        :param target: a path, or an open descriptor that takes the bytes as they come.
        :param form: `docker-archive` where None.
        :param compression: of the layers; where None none in a docker-archive, else as they came.
        :raises NotFound: no image has a name. :raises Corrupt: a blob is damaged on disk.
        """
        from engine.images.archive_models import ArchiveFormat, Compression
        from engine.images.saving import save

        form = form or ArchiveFormat.DOCKER
        usual = Compression.NONE if form is ArchiveFormat.DOCKER else Compression.KEPT
        return save(self._parts, names, target, form, compression or usual)

    def sweep(self) -> None:
        """Remove what crashes left; pulls and removals do so by themselves."""
        from engine.images.sweeping import sweep_leftovers

        sweep_leftovers(self._parts)
