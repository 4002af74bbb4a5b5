"""Layers made in the test's own process, and stores with layers in them."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.layers import Feed, FileTable, LayerStore, LayerUsage
from engine.layers.blob import GrowingBlob
from engine.layers.blocks import BlockStream
from engine.layers.limits import Limits
from engine.layers.table_writer import write_table
from engine.layers.unpack import Unpacker, unpack
from engine.oci import Digest
from engine.store.layout import Layout


@contextmanager
def blocks(data: bytes, limits: Limits | None = None, media_type: str = "") -> Iterator[BlockStream]:
    """The unpacked stream of a whole blob."""
    descriptor = os.memfd_create("blob")
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(data)
        blob = GrowingBlob(descriptor, len(data))
        blob.grown(len(data))
        with BlockStream(blob, media_type, limits) as stream:
            yield stream
            stream.finish()
    finally:
        os.close(descriptor)


def unpack_into(place: Path, data: bytes, limits: Limits | None = None) -> tuple[Unpacker, FileTable]:
    """Unpack an archive into `place/fs` with `place/table` beside it."""
    (place / "fs").mkdir(parents=True)
    top = os.open(place, os.O_RDONLY)
    fs = os.open(place / "fs", os.O_RDONLY)
    umask = os.umask(0)
    try:
        with blocks(data, limits) as stream:
            made = unpack(stream, fs, limits)
        write_table(made.root, top, "table", limits)
    finally:
        os.umask(umask)
        os.close(fs)
        os.close(top)
    return made, FileTable.load(place / "table")


def new_store(root: Path) -> LayerStore:
    """An empty store."""
    layout = Layout(root, root / "run")
    layout.create()
    return LayerStore(layout)


def write_blob(directory: Path, data: bytes) -> tuple[Path, Digest]:
    """A file named by its digest."""
    digest = Digest.of(data)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / digest.hex).write_bytes(data)
    return directory / digest.hex, digest


async def unpack_blob(store: LayerStore, blob: Path, diff_id: Digest) -> LayerUsage:
    """Unpack a blob that is wholly there."""
    feed = Feed()
    feed.done()
    digest = Digest.from_hex(hashlib.sha256(blob.read_bytes()).hexdigest())
    return await store.unpack(diff_id, blob, blob.stat().st_size, digest, feed=feed)


def write_image(directory: Path, archives: Sequence[bytes], tag: str = "t") -> None:
    """An OCI layout with one image of these layers, for other programs to read."""
    blobs = directory / "blobs" / "sha256"
    layers, diff_ids = [], []
    for archive in archives:
        path, digest = write_blob(blobs, gzip.compress(archive, 1, mtime=0))
        layers.append(_descriptor("layer.v1.tar+gzip", digest, path))
        diff_ids.append(Digest.of(archive))
    config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids}}
    path, digest = write_blob(blobs, json.dumps(config).encode())
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": _descriptor("config.v1+json", digest, path),
        "layers": layers,
    }
    path, digest = write_blob(blobs, json.dumps(manifest).encode())
    named = _descriptor("manifest.v1+json", digest, path)
    named["annotations"] = {"org.opencontainers.image.ref.name": tag}
    (directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}))
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def _descriptor(kind: str, digest: Digest, path: Path) -> dict[str, object]:
    size = path.stat().st_size
    return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": digest, "size": size}
