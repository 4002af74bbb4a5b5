"""One layer's way here: downloaded into its ingest file, unpacked by a helper that follows the file.

The front writes and tells how far the file has grown; the helper hashes what it reads back from the
disk. So the digest that is verified is that of the bytes that stay.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import DigestMismatch, Malformed
from engine.images.models import LayerState
from engine.images.offload import leaf, patiently, settled
from engine.images.progress import Meter
from engine.images.remote import RemoteLayer
from engine.layers.store import Feed, LayerStore
from engine.layers.usage import LayerUsage
from engine.oci.reference import Reference
from engine.store.blobs import BlobStore, Ingest
from engine.store.layout import Layout
from engine.store.locks import lock

if TYPE_CHECKING:
    from engine.registry import RegistryClient

# A hop to a thread costs 60 µs, writing this much 150 µs when memory takes it and seconds when the disk must.
_BATCH = 512 << 10
_DAMAGE = (DigestMismatch, Malformed)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A layer that stands.

    :param fetched: bytes that came over the wire; :param unpacked: bytes that were unpacked now.
    """

    usage: LayerUsage
    fetched: int = 0
    unpacked: int = 0


class Transfer:
    """Brings the layers of one pull here.

    :param parallel: layers that travel and unpack at the same time.
    """

    def __init__(
        self, layout: Layout, layers: LayerStore, client: RegistryClient, reference: Reference, parallel: int
    ) -> None:
        self._layout = layout
        self._layers = layers
        self._blobs = BlobStore(layout)
        self._client = client
        self._reference = reference
        self._turns = asyncio.Semaphore(parallel)

    async def bring(self, layer: RemoteLayer, meter: Meter) -> Arrival:
        """Let one layer stand; when another front brings the same one, wait for it and share."""
        meter.state(LayerState.WAITING, 0)
        name = f"layer-{layer.diff_id.hex}"
        async with patiently(lambda: lock(self._layout, name, timeout=0)):
            if await settled(lambda: self._layers.has(layer.diff_id)):
                meter.state(LayerState.HERE, layer.descriptor.size)
                return Arrival(await settled(lambda: self._layers.usage(layer.diff_id)))
            async with self._turns:
                arrival = await self._bring(layer, meter)
            meter.state(LayerState.DONE, layer.descriptor.size)
            return arrival

    async def _bring(self, layer: RemoteLayer, meter: Meter) -> Arrival:
        digest, size = layer.descriptor.digest, layer.descriptor.size
        async with patiently(lambda: self._blobs.ingest(digest, size, timeout=0)) as ingest:
            if self._blobs.has(digest):
                try:
                    return await self._from_blob(layer, meter)
                except _DAMAGE:
                    await settled(lambda: self._blobs.remove(digest))  # it rotted on disk: fetch it anew
            if ingest.offset:
                try:
                    return await self._from_registry(layer, meter, ingest)
                except _DAMAGE:
                    await settled(ingest.restart)  # what an interrupted pull left may be what is wrong
            try:
                return await self._from_registry(layer, meter, ingest)
            except _DAMAGE:
                await settled(ingest.abort)
                raise

    async def _from_blob(self, layer: RemoteLayer, meter: Meter) -> Arrival:
        """Unpack a blob that is here: the layer was removed, or its diff ID was never seen."""
        digest, size = layer.descriptor.digest, layer.descriptor.size
        feed = Feed()
        feed.grown(size)
        feed.done()
        meter.state(LayerState.UNPACKING, size)
        usage = await self._layers.unpack(layer.diff_id, self._blobs.path(digest), size, digest, feed=feed)
        return Arrival(usage, unpacked=usage.unpacked)

    async def _from_registry(self, layer: RemoteLayer, meter: Meter, ingest: Ingest) -> Arrival:
        feed = Feed()
        unpack = self._layers.unpack(layer.diff_id, ingest.path, ingest.size, ingest.digest, feed=feed)
        begun_at = ingest.offset
        try:
            async with asyncio.TaskGroup() as group:
                unpacking = group.create_task(unpack)
                await self._download(layer, meter, ingest, feed)
                feed.done()
                meter.state(LayerState.UNPACKING, ingest.size)
        except BaseExceptionGroup as errors:
            raise leaf(errors) from None
        await settled(lambda: ingest.commit(verified=True))
        usage = unpacking.result()
        return Arrival(usage, fetched=ingest.size - begun_at, unpacked=usage.unpacked)

    async def _download(self, layer: RemoteLayer, meter: Meter, ingest: Ingest, feed: Feed) -> None:
        meter.state(LayerState.DOWNLOADING, ingest.offset)
        feed.grown(ingest.offset)
        batch: list[bytes] = []
        waiting = 0
        async with aclosing(self._client.blob(self._reference, layer.descriptor, ingest.offset)) as chunks:
            async for chunk in chunks:
                batch.append(chunk)
                waiting += len(chunk)
                if waiting >= _BATCH:
                    await self._keep(batch, ingest, feed)
                    meter.advance(ingest.offset)
                    waiting = 0
        await self._keep(batch, ingest, feed)

    async def _keep(self, batch: list[bytes], ingest: Ingest, feed: Feed) -> None:
        data = b"".join(batch)
        batch.clear()
        await settled(lambda: ingest.write(data))
        feed.grown(ingest.offset)
