"""The volumes of a container that is being made: found or made, filled, held until it stands."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import InvalidArgument, NotFound, Unavailable

if TYPE_CHECKING:
    from engine.containers.records import Record
    from engine.containers.store import ContainerStore
    from engine.launch.task import Overlay
    from engine.runtime.config import Bind


def inherited_mounts(store: ContainerStore, sources: Sequence[str]) -> tuple[Bind, ...]:
    """The mounts of `--volumes-from CONTAINER[:ro|rw]`; of two at a place the later one.

    :raises NotFound: there is no such container. :raises InvalidArgument: the mode is none.
    """
    from engine.containers.mounts import inherit

    found: dict[str, Bind] = {}
    for source in sources:
        name, _, mode = source.partition(":")
        if not name or mode not in ("", "ro", "rw", "z", "Z"):
            raise InvalidArgument(f"--volumes-from {source!r} is not CONTAINER[:ro|rw]")
        for bind in store.records.find(name).config.binds:
            found[bind.target] = inherit(bind, mode == "ro")
    return tuple(found.values())


def check_sources(binds: Sequence[Bind]) -> None:
    """Look for what binds show of the host; with -v a directory that is missing is made, as Docker does.

    :raises InvalidArgument: it is not there, or its mount does not share what is asked for.
    """
    for bind in binds:
        if bind.volume:
            continue
        if not os.path.lexists(bind.source) and bind.make:
            try:
                os.makedirs(bind.source, 0o755)
            except OSError as error:
                raise InvalidArgument(
                    f"bind source {bind.source} cannot be made: {error.strerror}",
                    hint="make it first, or name another path of the host",
                ) from error
        if not os.path.exists(bind.source):
            raise InvalidArgument(
                f"bind source {bind.source} does not exist on the host", hint="make it first"
            )
        if bind.propagation.removeprefix("r") != "private":
            from engine.containers.propagation import check_propagation

            check_propagation(bind)


@contextmanager
def held_volumes(store: ContainerStore, binds: Sequence[Bind], overlay: Overlay) -> Iterator[None]:
    """Make, fill and hold the volumes of a container until its row names them; an error takes new ones back.

    :param overlay: of the container, for what its image has at the volumes' places.
    """
    volumes = {bind.volume: bind for bind in binds if bind.volume}
    with ExitStack() as held:
        for name in sorted(volumes):  # always in this order, so that two makings never wait for each other
            held.enter_context(store.volumes.locked(name))
        made = []
        try:
            for name, bind in volumes.items():
                if store.volumes.ensure(name, bind.anonymous, bind.labels):
                    made.append(name)
            _fill(store, binds, overlay)
            yield
        except BaseException:
            held.close()
            for name in made:
                store.volumes.drop_unused(name)
            raise


def settle_volumes(store: ContainerStore, binds: Sequence[Bind]) -> None:
    """See that the volumes of a start are there and whole. :raises NotFound: one is gone."""
    for name in {bind.volume for bind in binds if bind.volume}:
        store.volumes.settle(name)


def drop_anonymous(store: ContainerStore, record: Record) -> None:
    """Remove the volumes that were made for a container that is gone, unless another one has them."""
    for bind in record.config.binds:
        if bind.anonymous:
            store.volumes.drop_unused(bind.volume)


def _fill(store: ContainerStore, binds: Sequence[Bind], overlay: Overlay) -> None:
    for name in {bind.volume for bind in binds if bind.volume}:
        store.volumes.settle_held(name)
    empty = [
        bind for bind in binds if bind.copy and bind.volume and _is_empty(store.volumes.data(bind.volume))
    ]
    if not empty:
        return
    from engine.volumes.merged import merged_root

    with ExitStack() as held:
        if overlay.lowers:
            empty_place = Path(overlay.upper).parent / "rootfs"
            root = held.enter_context(merged_root(overlay.lowers, empty_place, overlay.program))
        else:
            root = os.open(overlay.upper, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            held.callback(os.close, root)
        for bind in empty:
            _fill_one(store, bind, root)


def _fill_one(store: ContainerStore, bind: Bind, root: int) -> None:
    from engine.launch.mounts import open_inside
    from engine.volumes.copying import copy_tree
    from engine.volumes.fill import fill

    try:
        source = open_inside(root, bind.target, os.O_PATH)
    except (FileNotFoundError, NotADirectoryError):
        return  # the image has nothing there
    except OSError as error:
        raise InvalidArgument(
            f"the image's path {bind.target} leads nowhere: {error.strerror}", hint="mount it elsewhere"
        ) from error
    try:
        if not stat.S_ISDIR(os.fstat(source).st_mode):
            raise InvalidArgument(
                f"no volume can be mounted on {bind.target}: the image has a file there",
                hint="name a directory",
            )
        reading = os.open(f"/proc/self/fd/{source}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fill(store.volumes.directory(bind.volume), lambda target: copy_tree(reading, target))
        finally:
            os.close(reading)
    except OSError as error:
        raise Unavailable(
            f"the volume {bind.volume} cannot be filled from the image's {bind.target}: {error.strerror}",
            hint="check the store's disk; nothing was changed",
        ) from error
    finally:
        os.close(source)


def _is_empty(data: Path) -> bool:
    try:
        return not os.listdir(data)
    except FileNotFoundError as error:
        raise NotFound(f"the volume's directory {data} is gone") from error
