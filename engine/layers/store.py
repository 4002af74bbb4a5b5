"""The unpacked layers of a store: each diff ID once, whole or not there."""

from __future__ import annotations

import errno
import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from engine.errors import NotFound
from engine.layers.limits import Limits
from engine.layers.removal import GONE, move_away, remove_tree
from engine.layers.table import FileTable
from engine.layers.table_format import HEADER, parse_header
from engine.oci.digest import Digest
from engine.store.atomic import sync_directory
from engine.store.layout import Layout
from engine.store.locks import lock

if TYPE_CHECKING:
    from engine.layers.unpacker import Feed

_UNFINISHED = ".tmp-"
_LEFTOVER = re.compile(rf"[0-9a-f]{{64}}({re.escape(_UNFINISHED)}|{re.escape(GONE)})[0-9a-f]+")


class LayerUsage(NamedTuple):
    """What a layer takes.

    :param unpacked: bytes of its files, each file once however many names it has.
    :param entries: paths that its archive names.
    :param notes: what this host could not keep, in words; told when the layer is unpacked, and only then.
    """

    unpacked: int
    entries: int
    notes: tuple[str, ...] = ()


class Unfinished:
    """A layer that is being made, under a name of its own that a lock keeps from being swept.

    :param descriptor: of its directory; the unpack helper inherits it and with it the lock.
    """

    def __init__(self, directory: Path, descriptor: int) -> None:
        self.path = directory
        self.descriptor = descriptor

    def discard(self) -> None:
        """Remove it, unless it was finished, and let go of it."""
        if self.descriptor >= 0:
            remove_tree(self.path)
            self.close()

    def close(self) -> None:
        """Let go of it."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class LayerStore:
    """The layers of one store."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def has(self, diff_id: Digest) -> bool:
        """Whether the layer is here, whole."""
        return self._table(diff_id).is_file()

    def fs(self, diff_id: Digest) -> Path:
        """The layer's directory in overlay form, or where it would be."""
        return self._directory(diff_id) / "fs"

    def table(self, diff_id: Digest) -> FileTable:
        """The layer's file table.

        :raises NotFound: the layer is not here.
        :raises Corrupt: the table is damaged.
        """
        return FileTable.load(self._table(diff_id))

    def usage(self, diff_id: Digest) -> LayerUsage:
        """What the layer takes; reads the head of its table only.

        :raises NotFound: the layer is not here.
        """
        path = self._table(diff_id)
        try:
            with path.open("rb") as file:
                header = parse_header(file.read(HEADER.size), os.fstat(file.fileno()).st_size, str(path))
        except FileNotFoundError:
            raise NotFound(f"layer {diff_id} is not in the store", hint="pull the image again") from None
        return LayerUsage(header.unpacked, header.named)

    def all(self) -> list[Digest]:
        """The diff IDs of all layers that are here."""
        names = sorted(entry.name for entry in os.scandir(self.layout.layers))
        return [Digest.from_hex(name) for name in names if re.fullmatch("[0-9a-f]{64}", name)]

    def remove(self, diff_id: Digest) -> int:
        """Remove a layer; bytes of its files that this freed, 0 when it was not here."""
        if not self.has(diff_id):
            return 0
        freed = self.usage(diff_id).unpacked
        with lock(self.layout, self.lock_name(diff_id)):
            gone = move_away(self._directory(diff_id))
            if gone is None:
                return 0
            sync_directory(self.layout.layers)
        remove_tree(gone)
        return freed

    def sweep(self) -> int:
        """Remove what a crash left of layers and seams, never what a living process works on; how many."""
        return sum(_remove_abandoned(path) for path in self._half_made())

    def unfinished(self) -> list[Path]:
        """What `sweep` would remove."""
        return [path for path in self._half_made() if _is_abandoned(path)]

    async def unpack(
        self,
        diff_id: Digest,
        blob: Path,
        compressed_size: int,
        digest: Digest,
        *,
        feed: Feed,
        media_type: str = "",
        on_progress: Callable[[int], None] | None = None,
        limits: Limits | None = None,
    ) -> LayerUsage:
        """Make the layer from a blob whose file may still be growing. A layer that is here is left alone.

        Blob and archive are verified on the way; nothing is visible before. Cancelling stops at once and
        leaves nothing. Of several processes that want the same layer one works and the others wait.

        :param blob: the file; its first `compressed_size` bytes are read as `feed` says they have come.
        :param on_progress: told the number of compressed bytes that are unpacked.
        :raises DigestMismatch: blob or archive are not what their digests say.
        :raises Malformed: the archive breaks its format or would leave the layer.
        :raises LimitExceeded: it is larger than we accept.
        :raises Unavailable: the disk refuses, or the download was given up.
        """
        from engine.layers.unpacker import unpack_layer  # asyncio, which listings do without

        return await unpack_layer(
            self, diff_id, blob, compressed_size, digest, feed, media_type, on_progress, limits or Limits()
        )

    def lock_name(self, diff_id: Digest) -> str:
        """The store's lock that whoever makes or removes the layer holds."""
        return f"layer-{diff_id.hex}"

    def begin(self, diff_id: Digest) -> Unfinished:
        """A place to make the layer in; the caller holds the layer's lock."""
        return make_unfinished(self._directory(diff_id))

    def finish(self, diff_id: Digest, unfinished: Unfinished) -> None:
        """Make visible what is complete, verified and written out."""
        unfinished.path.rename(self._directory(diff_id))
        sync_directory(self.layout.layers)
        unfinished.close()

    def _half_made(self) -> list[Path]:
        entries = (*os.scandir(self.layout.layers), *os.scandir(self.layout.seams))
        return [Path(entry.path) for entry in entries if _LEFTOVER.fullmatch(entry.name)]

    def _directory(self, diff_id: Digest) -> Path:
        return self.layout.layers / diff_id.hex

    def _table(self, diff_id: Digest) -> Path:
        return self._directory(diff_id) / "table"


def make_unfinished(final: Path) -> Unfinished:
    """A fresh locked directory with an empty `fs`, beside the place that it will be renamed to."""
    while True:
        path = final.with_name(f"{final.name}{_UNFINISHED}{os.urandom(4).hex()}")
        path.mkdir(mode=0o700)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            os.mkdir("fs", mode=0o700, dir_fd=descriptor)
        except FileNotFoundError:
            os.close(descriptor)  # a sweep took it between mkdir and flock
        except BaseException:
            os.close(descriptor)
            raise
        else:
            return Unfinished(path, descriptor)


def _is_abandoned(path: Path) -> bool:
    with _if_abandoned(path) as abandoned:
        return abandoned


def _remove_abandoned(path: Path) -> bool:
    with _if_abandoned(path) as abandoned:
        if abandoned:
            remove_tree(path)
        return abandoned


@contextmanager
def _if_abandoned(path: Path) -> Iterator[bool]:
    """Hold the lock of a half-made directory for the length of the block, if nobody else does."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            raise
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        yield False
        return
    try:
        yield True
    finally:
        os.close(descriptor)
