"""One layer's way here: downloaded into its ingest file, unpacked by a helper that follows the file.

The front writes and tells how far the file has grown; the helper hashes what it reads back from the
disk. So the digest that is verified is that of the bytes that stay.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from pathlib import Path
from typing import NamedTuple

from engine.errors import DigestMismatch, LimitExceeded, Malformed
from engine.images.models import LayerState
from engine.images.offload import leaf, patiently, settled
from engine.images.progress import Meter
from engine.images.remote import RemoteLayer
from engine.layers.store import LayerStore, LayerUsage
from engine.layers.unpacker import Feed
from engine.oci.descriptor import Descriptor
from engine.store.blobs import BlobStore, Ingest
from engine.store.layout import Layout
from engine.store.locks import lock

Fetch = Callable[[Descriptor, int], AsyncGenerator[bytes, None]]

# A hop to a thread costs 60 µs, writing this much 150 µs when memory takes it and seconds when the disk must.
_BATCH = 512 << 10
_LONGEST_WAIT = 0.25  # seconds that bytes of a slow registry wait in memory
_NO_USE = (DigestMismatch, Malformed, LimitExceeded)  # such bytes are not worth keeping


class Arrival(NamedTuple):
    """A layer that stands.

    :param fetched: bytes that came over the wire; :param unpacked: bytes that were unpacked now.
    """

    usage: LayerUsage
    fetched: int = 0
    unpacked: int = 0


class Transfer:
    """Brings the layers of one pull, or of one archive, here.

    :param fetch: gives the bytes of a blob from an offset on.
    :param parallel: layers that travel and unpack at the same time.
    :param keep: what has come of a layer when it fails, so that the next try goes on from there.
    """

    def __init__(
        self, layout: Layout, layers: LayerStore, fetch: Fetch, parallel: int, *, keep: bool = True
    ) -> None:
        self._layout = layout
        self._layers = layers
        self._blobs = BlobStore(layout)
        self._fetch = fetch
        self._keep_parts = keep
        self._turns = asyncio.Semaphore(parallel)

    async def bring(self, layer: RemoteLayer, meter: Meter) -> Arrival:
        """Let one layer stand; when another front brings the same one, wait for it and share."""
        meter.state(LayerState.WAITING, 0)
        # Not the lock that the layer store makes a layer under: this one is held while it travels, too.
        name = f"pull-{layer.diff_id.hex}"
        async with patiently(lambda: lock(self._layout, name, timeout=0)):
            if await settled(lambda: self._layers.has(layer.diff_id)):
                await self._finish(layer.descriptor)
                meter.state(LayerState.HERE, layer.descriptor.size)
                return Arrival(await settled(lambda: self._layers.usage(layer.diff_id)))
            async with self._turns:
                arrival = await self._bring(layer, meter)
            meter.state(LayerState.DONE, layer.descriptor.size)
            return arrival

    async def _finish(self, blob: Descriptor) -> None:
        """Keep the blob of a layer that stands, where a kill came between the two; what is not whole goes."""
        if not (self._layout.ingest / blob.digest.hex).exists():
            return
        async with patiently(lambda: self._blobs.ingest(blob.digest, blob.size, timeout=0)) as ingest:
            if ingest.offset < blob.size or self._blobs.has(blob.digest):
                await settled(ingest.abort)
                return
            with suppress(DigestMismatch):  # which has thrown it away; the layer does without
                await settled(ingest.commit)

    async def _bring(self, layer: RemoteLayer, meter: Meter) -> Arrival:
        digest, size = layer.descriptor.digest, layer.descriptor.size
        async with patiently(lambda: self._blobs.ingest(digest, size, timeout=0)) as ingest:
            if self._blobs.has(digest):
                try:
                    return await self._from_blob(layer, meter)
                except DigestMismatch:
                    await settled(lambda: self._blobs.remove(digest))  # it rotted on disk: fetch it anew
            try:
                return await self._from_source(layer, meter, ingest)
            except BaseException:
                if not self._keep_parts:
                    await settled(ingest.abort)
                raise

    async def _from_source(self, layer: RemoteLayer, meter: Meter, ingest: Ingest) -> Arrival:
        if ingest.offset:
            try:
                return await self._follow(layer, meter, ingest)
            except DigestMismatch:
                await settled(ingest.restart)  # what an interrupted pull left may be what is wrong
        return await self._follow(layer, meter, ingest)

    async def _from_blob(self, layer: RemoteLayer, meter: Meter) -> Arrival:
        """Unpack a blob that is here: its layer was removed, or another image names it for another layer."""
        feed = Feed()
        feed.done()
        meter.state(LayerState.UNPACKING, 0)
        usage = await self._unpack(layer, self._blobs.path(layer.descriptor.digest), feed, meter)
        return Arrival(usage, unpacked=usage.unpacked)

    async def _follow(self, layer: RemoteLayer, meter: Meter, ingest: Ingest) -> Arrival:
        """Unpack a blob while it comes."""
        feed = Feed()
        begun_at = ingest.offset
        try:
            async with asyncio.TaskGroup() as group:
                unpacking = group.create_task(self._unpack(layer, ingest.path, feed, meter))
                await self._download(layer, meter, ingest, feed)
                feed.done()
                meter.state(LayerState.UNPACKING, 0)
        except BaseExceptionGroup as errors:
            error = leaf(errors)
            if isinstance(error, _NO_USE):
                await settled(ingest.restart)
            raise error from None
        await settled(lambda: ingest.commit(verified=True))
        usage = unpacking.result()
        return Arrival(usage, fetched=ingest.size - begun_at, unpacked=usage.unpacked)

    async def _unpack(self, layer: RemoteLayer, blob: Path, feed: Feed, meter: Meter) -> LayerUsage:
        descriptor = layer.descriptor
        try:
            return await self._layers.unpack(
                layer.diff_id,
                blob,
                descriptor.size,
                descriptor.digest,
                feed=feed,
                media_type=descriptor.media_type,
                on_progress=meter.unpacked,
            )
        except _NO_USE as error:  # which tell of an archive, and know nothing of an image
            hint = error.hint or "the image was put together wrongly; tell its publisher"
            raise type(error)(f"layer {descriptor.digest.short}: {error.message}", hint=hint) from error

    async def _download(self, layer: RemoteLayer, meter: Meter, ingest: Ingest, feed: Feed) -> None:
        meter.state(LayerState.DOWNLOADING, ingest.offset)
        feed.grown(ingest.offset)
        batch: list[bytes] = []
        waiting, kept_at = 0, time.monotonic()
        chunks = self._fetch(layer.descriptor, ingest.offset)
        try:
            async with aclosing(chunks):
                async for chunk in chunks:
                    batch.append(chunk)
                    waiting += len(chunk)
                    if waiting >= _BATCH or time.monotonic() - kept_at > _LONGEST_WAIT:
                        await self._keep(batch, ingest, feed)
                        waiting, kept_at = 0, time.monotonic()
                    meter.advance(ingest.offset + waiting)
        finally:
            # Also when cancelled: what has come need not come again.
            await self._keep(batch, ingest, feed)

    async def _keep(self, batch: list[bytes], ingest: Ingest, feed: Feed) -> None:
        data = b"".join(batch)
        batch.clear()
        if not data:
            return
        await settled(lambda: ingest.write(data))
        feed.grown(ingest.offset)
