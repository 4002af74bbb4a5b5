"""Looking into an image where it lies, in a registry or an archive, without bringing it here.

Of a layer only the file table is made, in a thread, while its blob comes; a layer or a table that is here
is not asked for. Blobs from a registry lie in files without names, so nothing can be left behind.
"""

from __future__ import annotations

import asyncio
import os
import time
import weakref
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, aclosing
from typing import TYPE_CHECKING

from engine.errors import LimitExceeded, Malformed
from engine.images.bundle import Piece
from engine.images.bundled import read_contents
from engine.images.elsewhere import ArchivePlace, OnReading, Reading, RegistryPlace, choose_image
from engine.images.offload import leaf
from engine.images.opening import opened, told_of
from engine.images.preview import LayerElsewhere, layers_elsewhere
from engine.images.remote import RemoteImage, RemoteLayer, fetch_image
from engine.images.trouble import disk_trouble
from engine.layers.blob import GrowingBlob, interrupted
from engine.layers.listed import ListedTables
from engine.layers.listing import list_layer
from engine.layers.spool import Spool, unnamed
from engine.layers.store import LayerStore
from engine.layers.table import FileTable
from engine.oci.digest import Digest
from engine.oci.reference import Reference
from engine.settings import Settings
from engine.store.atomic import write_all
from engine.store.layout import Layout

if TYPE_CHECKING:
    from engine.registry import RegistryClient


_INTERVAL = 0.1  # seconds between two reports; faster than anybody reads


class Peek:
    """One image elsewhere. Blocking; not to be called in an event loop's thread.

    What it holds open is given back when nobody refers to it any more.

    :param platform: `os/architecture[/variant]`; the host's where empty.
    :param on_reading: called as layers are read, ten times a second at most.
    :raises NotFound: there is no such image.
    :raises Malformed: what is there breaks its specification.
    """

    def __init__(
        self,
        settings: Settings,
        layout: Layout,
        place: RegistryPlace | ArchivePlace,
        platform: str = "",
        on_reading: OnReading | None = None,
    ) -> None:
        self._settings = settings
        self._layout = layout
        self._on_reading = on_reading
        self._layers = LayerStore(layout)
        self._kept = ListedTables(layout)
        held = ExitStack()
        weakref.finalize(self, held.close)
        self._held = held
        self._reference: Reference | None = None
        self._spool: Spool | None = None
        self._pieces: dict[Digest, Piece] = {}
        if isinstance(place, RegistryPlace):
            self._reference = place.reference
            self.image: RemoteImage = asyncio.run(self._ask(place.reference, platform))
        else:
            bundle = held.enter_context(opened(layout, place.path))
            with told_of(place.path):
                contents = read_contents(bundle, platform)
            found = choose_image(contents.images, place.tag)
            self.image = found.image
            self._pieces.update(found.pieces)

    def is_here(self, diff_id: Digest) -> bool:
        """Whether a layer is unpacked in the store."""
        return self._layers.has(diff_id)

    def layers(self) -> tuple[LayerElsewhere, ...]:
        """The image's layers, base first; none is read."""

        def unpacked(diff_id: Digest) -> int | None:
            if self.is_here(diff_id):
                return self._layers.usage(diff_id).unpacked
            return self._kept.unpacked(diff_id)

        return layers_elsewhere(self.image, self.is_here, unpacked)

    def tables(self, diff_ids: Sequence[Digest]) -> Mapping[Digest, FileTable]:
        """The file tables of layers of the image; blobs are read of those only that are not known yet.

        :raises DigestMismatch: a blob is not what the image says.
        :raises Malformed: a layer's archive breaks its format.
        :raises Unavailable: the registry, or the disk, refuses.
        """
        found: dict[Digest, FileTable] = {}
        missing: list[RemoteLayer] = []
        for layer in self.image.layers:
            if layer.diff_id not in diff_ids:
                continue
            table = (
                self._layers.table(layer.diff_id)
                if self.is_here(layer.diff_id)
                else self._kept.get(layer.diff_id)
            )
            if table is None:
                missing.append(layer)
            else:
                found[layer.diff_id] = table
        return found | self._run(missing, listing=True)

    def gather(self, diff_id: Digest, wanted: Mapping[bytes, int]) -> None:
        """Read contents of files out of a layer's blob, in one pass; then `open` has them.

        :param wanted: bytes of each content, by SHA-256.
        :raises LimitExceeded: the disk has no room for them.
        """
        if self._spool is None:
            self._spool = Spool(self._layout.ingest)
        layer = next(layer for layer in self.image.layers if layer.diff_id == diff_id)
        if layer.descriptor.digest not in self._pieces:
            self._run([layer], listing=False)
        piece = self._piece(layer)
        blob = _blob_of(piece)
        blob.grown(piece.size)
        try:
            self._spool.gather(blob, layer.descriptor.media_type, wanted)
        except OSError as error:
            raise disk_trouble(error) from error

    def open(self, digest: bytes) -> int:
        """A descriptor to read a content that was gathered; the caller closes it."""
        assert self._spool is not None
        return self._spool.open(digest)

    async def _ask(self, reference: Reference, platform: str) -> RemoteImage:
        from engine.registry import RegistryClient

        async with RegistryClient(self._settings) as client:
            return await fetch_image(client, reference, platform)

    def _piece(self, layer: RemoteLayer) -> Piece:
        piece = self._pieces.get(layer.descriptor.digest)
        if piece is None:
            raise Malformed(f"the archive lacks the layer {layer.descriptor.digest}")
        return piece

    def _run(self, layers: Sequence[RemoteLayer], *, listing: bool) -> dict[Digest, FileTable]:
        """Bring blobs near, as many at a time as the settings say, and list them if asked."""
        if not layers:
            return {}
        try:
            return asyncio.run(self._all(layers, listing=listing))
        except BaseExceptionGroup as errors:
            error = leaf(errors)
            raise disk_trouble(error) if isinstance(error, OSError) else error from None
        except OSError as error:
            raise disk_trouble(error) from error

    async def _all(self, layers: Sequence[RemoteLayer], *, listing: bool) -> dict[Digest, FileTable]:
        if self._reference is None:
            return await self._each(layers, None, listing=listing)
        from engine.registry import RegistryClient

        async with RegistryClient(self._settings) as client:
            return await self._each(layers, client, listing=listing)

    async def _each(
        self, layers: Sequence[RemoteLayer], client: RegistryClient | None, *, listing: bool
    ) -> dict[Digest, FileTable]:
        turns = asyncio.Semaphore(self._settings.parallel_downloads)
        found: dict[Digest, FileTable] = {}
        tally = _Tally(self.image.label, layers, self._on_reading)

        async def one(layer: RemoteLayer) -> None:
            async with turns:
                table = await self._one(layer, client, tally, listing=listing)
                tally.end(layer)
                if table is not None:
                    found[layer.diff_id] = table

        async with asyncio.TaskGroup() as group:
            for layer in layers:
                group.create_task(one(layer))
        return found

    async def _one(
        self, layer: RemoteLayer, client: RegistryClient | None, tally: _Tally, *, listing: bool
    ) -> FileTable | None:
        """One layer's blob near, and its table while it comes."""
        known = client is None or layer.descriptor.digest in self._pieces
        piece = self._piece(layer) if known else self._make_room(layer)
        blob = _blob_of(piece)
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(self._list(layer, blob, tally)) if listing else None
            if client is None or known:
                blob.grown(piece.size)
            else:
                await self._download(client, layer, piece, blob, tally)
        self._pieces[layer.descriptor.digest] = piece
        return reading.result() if reading is not None else None

    def _make_room(self, layer: RemoteLayer) -> Piece:
        """A file without a name for a blob."""
        size = layer.descriptor.size
        descriptor = unnamed(self._layout.ingest)
        self._held.callback(os.close, descriptor)
        disk = os.fstatvfs(descriptor)
        if size > disk.f_bavail * disk.f_frsize:
            raise LimitExceeded(
                f"layer {layer.diff_id.short} has {size} bytes, more than {self._layout.root} has free",
                hint="make room: lamina system prune",
            )
        return Piece(layer.diff_id.short, descriptor, 0, size)

    async def _download(
        self, client: RegistryClient, layer: RemoteLayer, piece: Piece, blob: GrowingBlob, tally: _Tally
    ) -> None:
        assert self._reference is not None
        total = 0
        async with aclosing(client.blob(self._reference, layer.descriptor)) as chunks:
            async for chunk in chunks:
                write_all(piece.descriptor, chunk)
                total += len(chunk)
                blob.grown(total)
                tally.advance(layer, total)

    async def _list(self, layer: RemoteLayer, blob: GrowingBlob, tally: _Tally) -> FileTable:
        descriptor = layer.descriptor
        work = asyncio.ensure_future(
            asyncio.to_thread(
                list_layer, blob, descriptor.media_type, descriptor.digest.hex, layer.diff_id.hex
            )
        )
        try:
            while not work.done():
                await asyncio.wait((work,), timeout=_INTERVAL)
                tally.advance(layer, blob.offset)
            data = work.result()
        except asyncio.CancelledError:
            # The thread reads on until it is told; only then may the blob's file be closed.
            blob.fail(interrupted())
            await asyncio.wait((work,))
            work.exception()  # taken, so that nobody warns of it
            raise
        self._kept.put(layer.diff_id, data)
        return FileTable(data, f"the table of layer {layer.diff_id.short}")


class _Tally:
    """How far some layers are read, told now and then."""

    def __init__(self, image: str, layers: Sequence[RemoteLayer], tell: OnReading | None) -> None:
        self._image = image
        self._sizes = {layer.diff_id: layer.descriptor.size for layer in layers}
        self._done = dict.fromkeys(self._sizes, 0)
        self._ended = 0
        self._tell = tell
        self._next = 0.0

    def advance(self, layer: RemoteLayer, done: int) -> None:
        """So many bytes of a layer have come, or been read, whichever are more."""
        self._done[layer.diff_id] = max(self._done[layer.diff_id], done)
        if self._tell is not None and time.monotonic() >= self._next:
            self._report(self._tell)

    def end(self, layer: RemoteLayer) -> None:
        """A layer is read to its end."""
        self._done[layer.diff_id] = self._sizes[layer.diff_id]
        self._ended += 1
        if self._tell is not None:
            self._report(self._tell)

    def _report(self, tell: OnReading) -> None:
        self._next = time.monotonic() + _INTERVAL
        done, total = sum(self._done.values()), sum(self._sizes.values())
        tell(Reading(self._image, len(self._sizes), self._ended, done, total))


def _blob_of(piece: Piece) -> GrowingBlob:
    return GrowingBlob(piece.descriptor, piece.size, piece.offset)
