"""Images made here: a layer packed once, its blob kept, unpacked beside the others, and known by a config."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.errors import InvalidArgument
from engine.images.arriving import commit, leased_image
from engine.images.docker_archive import make_manifest
from engine.images.offload import settled
from engine.images.packing import GZIP_FRAME, GZIP_LEVEL
from engine.images.parts import Parts
from engine.images.remote import RemoteImage
from engine.images.transfer import Arrival
from engine.images.trouble import disk_trouble
from engine.layers.unpacker import Feed
from engine.oci import media
from engine.oci.config import CONFIG_LIMIT, parse_image_config
from engine.oci.digest import Digest
from engine.oci.manifest import Manifest, parse_document
from engine.oci.reference import Reference
from engine.store.atomic import sync_directory, temporary_file, write_all

Write = Callable[["LayerSink"], int]
_TO_OCI = {
    media.DOCKER_LAYER_GZIP: media.OCI_LAYER_GZIP,
    "application/vnd.docker.image.rootfs.diff.tar": media.OCI_LAYER,
    "application/vnd.docker.image.rootfs.diff.tar.zstd": media.OCI_LAYER_ZSTD,
}


@dataclass(frozen=True, slots=True)
class MadeImage:
    """An image that was made here.

    :param names: familiar. :param compressed: bytes of its new layer's blob; :param unpacked: of its files.
    :param notes: what the layer does not hold, in words.
    """

    id: Digest
    names: tuple[str, ...]
    compressed: int = 0
    unpacked: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """What an image will be, but for its new layer.

    :param config: its document; gets the layer and the history's line.
    :param layers: media type, digest and size of the layers it stands on, base first.
    :param history: the new line, without its time.
    """

    config: dict[str, Any]
    layers: tuple[tuple[str, Digest, int], ...]
    history: dict[str, object]
    reference: str = ""


class LayerSink:
    """Takes a layer's archive, piece by piece, into a file, packed with gzip and hashed before and after.

    :ivar size: bytes of the archive so far.
    """

    def __init__(self, descriptor: int) -> None:
        from isal import isal_zlib

        self._descriptor = descriptor
        self._compressor = isal_zlib.compressobj(GZIP_LEVEL, isal_zlib.DEFLATED, GZIP_FRAME)
        self._plain, self._packed = hashlib.sha256(), hashlib.sha256()
        self._packed_size = 0
        self.size = 0

    def write(self, data: bytes | memoryview) -> None:
        """The next bytes."""
        self._plain.update(data)
        self.size += len(data)
        self._keep(self._compressor.compress(data))

    def finish(self) -> tuple[Digest, Digest, int]:
        """Diff ID, and digest and size of the blob, which is on the disk now."""
        self._keep(self._compressor.flush())
        os.fsync(self._descriptor)
        diff_id, digest = (Digest.from_hex(each.hexdigest()) for each in (self._plain, self._packed))
        return diff_id, digest, self._packed_size

    def _keep(self, data: bytes) -> None:
        write_all(self._descriptor, data)
        self._packed.update(data)
        self._packed_size += len(data)


def base_layers(manifest: Manifest) -> tuple[tuple[str, Digest, int], ...]:
    """The layers of an image as another image's manifest, which is OCI's, names them."""
    return tuple(
        (_TO_OCI.get(layer.media_type, layer.media_type), layer.digest, layer.size)
        for layer in manifest.layers
    )


async def make_image(parts: Parts, draft: Draft, write: Write, action: str) -> MadeImage:
    """Pack a layer and make an image that ends with it; nothing is visible before all of it stands.

    :param write: writes the layer's archive and gives how many members it has; for none there is no layer.
    :param action: what the journal calls it.
    :raises InvalidArgument: the name is none that a tag can have.
    """
    names = _names(draft.reference)
    with _in_words(), temporary_file(parts.layout.blobs, 0o444) as (descriptor, path):
        sink = LayerSink(descriptor)
        members = await settled(lambda: write(sink))
        packed = await settled(sink.finish) if members else None
        if packed is None:
            path.unlink()
        image = _image(draft, packed, names)
        async with leased_image(parts, image):
            arrivals = {
                diff_id: Arrival(await settled(lambda: parts.layers.usage(diff_id)))  # noqa: B023  awaited here
                for diff_id in image.config.diff_ids[: len(draft.layers)]
            }
            unpacked = 0
            if packed is not None:
                diff_id, digest, size = packed
                await settled(lambda: _keep_blob(parts, path, digest))
                feed = Feed()
                feed.done()
                blob = parts.blobs.path(digest)
                usage = await parts.layers.unpack(diff_id, blob, size, digest, feed=feed)
                arrivals[diff_id] = Arrival(usage, unpacked=usage.unpacked)
                unpacked = usage.unpacked
            await settled(lambda: commit(parts, image, arrivals, action, names))
    compressed = packed[2] if packed else 0
    return MadeImage(image.id, tuple(Reference.parse(name).familiar for name in names), compressed, unpacked)


def _keep_blob(parts: Parts, path: Path, digest: Digest) -> None:
    os.replace(path, parts.blobs.path(digest))
    sync_directory(parts.layout.blobs)


def _names(reference: str) -> list[str]:
    if not reference:
        return []
    parsed = Reference.parse(reference)
    if parsed.digest is not None:
        raise InvalidArgument(f"{reference} names an image by its digest", hint="give a name like app:1.2")
    return [str(parsed)]


def _image(draft: Draft, packed: tuple[Digest, Digest, int] | None, names: Sequence[str]) -> RemoteImage:
    document = dict(draft.config)
    moment = datetime.fromtimestamp(time.time(), UTC).isoformat().replace("+00:00", "Z")
    line = {"created": moment, **draft.history, **({} if packed else {"empty_layer": True})}
    document["created"] = moment
    document["history"] = [*(document.get("history") or []), line]
    rootfs = document.get("rootfs") or {}
    diff_ids = list(rootfs.get("diff_ids") or [])
    layers = list(draft.layers)
    if packed is not None:
        diff_ids.append(packed[0])
        layers.append((media.OCI_LAYER_GZIP, packed[1], packed[2]))
    document["rootfs"] = {"type": "layers", "diff_ids": diff_ids}
    raw = json.dumps(document, separators=(",", ":")).encode()
    if len(raw) > CONFIG_LIMIT:
        raise InvalidArgument(f"the image's config would have {len(raw)} bytes, more than {CONFIG_LIMIT}")
    manifest = parse_document(make_manifest((Digest.of(raw), len(raw)), layers), media.OCI_MANIFEST)
    assert isinstance(manifest, Manifest)
    name = names[0] if names else ""
    return RemoteImage(Reference.parse(name) if name else None, name, manifest, parse_image_config(raw))


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise disk_trouble(error) from error
