"""The files of containers: what they changed, and how files come out, go in and become images."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.containers.records import Record
from engine.containers.store import ContainerStore
from engine.errors import Conflict

if TYPE_CHECKING:
    from engine.containers.changes import Change
    from engine.containers.writing import Copied
    from engine.images.making import LayerSink, MadeImage
    from engine.images.service import ImageService
    from engine.launch.task import Overlay
    from engine.volumes.models import VolumeEntry


class ContainerFiles:
    """The files of the containers of one store.

    Names are Docker's: a container's name, its id, or the unique start of its id.
    """

    def __init__(self, store: ContainerStore, images: ImageService) -> None:
        self._store = store
        self._images = images

    def changes(self, name: str) -> list[Change]:
        """What a container changed in the files of its image, in the order of paths.

        :raises NotFound: there is none of that name.
        """
        from engine.containers.changes import changes
        from engine.containers.upper import Upper

        overlay = self._overlay(self._store.records.find(name))
        with Upper(overlay.upper, overlay.lowers) as upper:
            return changes(upper)

    def browse(self, name: str, path: str) -> list[VolumeEntry]:
        """A directory of a container as its program sees it, by name, the first ten thousand entries.

        :raises NotFound: there is no such container, or no such directory in it.
        """
        from engine.volumes.browse import browse_in

        with self._root(self._store.records.find(name)) as inside:
            return browse_in(inside, path)

    def read(self, name: str, path: str, limit: int) -> bytes:
        """The first bytes of a regular file of a container.

        :raises NotFound: there is none. :raises InvalidArgument: it is something else.
        """
        from engine.volumes.browse import read_in

        with self._root(self._store.records.find(name)) as inside:
            return read_in(inside, path, limit)

    def copy_out(
        self, name: str, path: str, target: str | int, *, archive: bool = False, follow: bool = False
    ) -> Copied:
        """Copy a file or directory of a container to the host, by Docker's rules.

        Devices and sockets are left out; without `archive` so are set-id bits, and files become the caller's.

        :param path: inside, from the root on.
        :param target: on the host; or a descriptor that takes a tar archive, which keeps all.
        :param archive: keep owners, set-id bits and file capabilities.
        :param follow: copy what a link leads to instead of the link.
        :raises NotFound: the source, or the target's directory, is not there.
        :raises Conflict: something of another kind is in the way.
        """
        from engine.containers.copying import copy_to_archive, copy_tree
        from engine.containers.writing import Manner

        with self._root(self._store.records.find(name)) as inside:
            if isinstance(target, int):
                return copy_to_archive(inside, path, target, follow=follow)
            own = None if archive else (os.geteuid(), os.getegid())
            manner = Manner(own, set_id=archive, devices=False)
            with host_root() as host:
                return copy_tree(inside, path, host, _absolute(target), manner=manner, follow=follow)

    def copy_in(
        self, name: str, source: str | int, path: str, *, archive: bool = False, follow: bool = False
    ) -> Copied:
        """Copy a file or directory of the host into a container, by Docker's rules.

        :param source: on the host; or a descriptor to read a tar archive from, which keeps its owners.
        :param archive: keep owners; else all belongs to root inside.
        """
        from engine.containers.copying import copy_from_archive, copy_tree
        from engine.containers.writing import Manner
        from engine.images.opening import Stream

        with self._root(self._store.records.find(name)) as inside:
            if isinstance(source, int):
                return copy_from_archive(Stream(source), inside, path)
            manner = Manner(None if archive else (0, 0))
            with host_root() as host:
                return copy_tree(host, _absolute(source), inside, path, manner=manner, follow=follow)

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
        """Make an image of a container: its image, and a layer of what it changed.

        :param changes: to the image's config, in the words of a Dockerfile.
        :param pause: hold its processes while the layer is packed, where it runs and that can be done.
        :raises InvalidArgument: the name or a change cannot be meant.
        """
        from engine.containers.committing import draft_of, write_changes
        from engine.containers.upper import Upper

        record = self._store.records.find(name)
        draft = draft_of(
            record, self._images.documents(record.image_id),
            reference=reference, message=message, author=author, changes=changes,
        )  # fmt: skip
        overlay = self._overlay(record)
        notes: list[str] = []

        def write(sink: LayerSink) -> int:
            with self._held(record, pause), Upper(overlay.upper, overlay.lowers) as upper:
                return write_changes(upper, sink, notes)

        made = await self._images.make(draft, write, "commit")
        self._store.tell("commit", record, imageID=made.id)
        return replace(made, notes=tuple(notes))

    def export(self, name: str, output: int) -> int:
        """Write all files of a container, without what is mounted there, as a tar archive; its bytes.

        :param output: descriptor that takes the archive.
        """
        from engine.containers.exporting import export_tree

        with self._root(self._store.records.find(name), alone=True) as root:
            return export_tree(root, output)

    def _overlay(self, record: Record) -> Overlay:
        from engine.containers import stack

        recipe = self._images.recipe(record.image_id)
        return stack.overlay_of(self._store.layout, self._store.directory(record), recipe)

    @contextmanager
    def _held(self, record: Record, pause: bool) -> Iterator[None]:
        """Nobody removes it meanwhile, and its processes stand still where that is wanted and can be done."""
        from engine.containers.holding import held

        with self._store.locked(record):
            state = self._store.state(record)
            freezer = state.freezer if pause and state.status == "running" else ""
            with held(freezer) if freezer else nullcontext():
                yield

    @contextmanager
    def _root(self, record: Record, *, alone: bool = False) -> Iterator[int]:
        """Descriptor of a container's root; with what is mounted there, or its own stack alone."""
        from engine.containers.task import build_task
        from engine.runtime.view import mounted_stack, running_root, stack_alone

        state = self._store.state(record)
        if state.status in ("running", "paused"):
            with stack_alone(state.init) if alone else running_root(state.init) as root:
                yield root
            return
        # Nobody may start it while its stack is mounted here.
        with self._store.locked(record):
            if self._store.state(record).status in ("running", "paused", "restarting"):
                raise Conflict(f"{record.name} has just been started", hint="try again")
            task = build_task(self._store.layout, record, self._overlay(record), False)
            with mounted_stack(task, binds=not alone) as root:
                yield root


@contextmanager
def host_root() -> Iterator[int]:
    """A descriptor of the host's own root."""
    root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield root
    finally:
        os.close(root)


def _absolute(path: str) -> str:
    # Not normalized: a slash or a dot at the end means something.
    return os.path.join(os.getcwd(), path)
