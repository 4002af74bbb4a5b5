"""Images built in the test and served over HTTP by the embedded registry, which can be made to stall."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from engine.oci import Descriptor, Digest, media
from engine.registry import EmbeddedRegistry, RegistryDirectory, Served


@dataclass(frozen=True)
class Layer:
    """A layer in both its forms."""

    archive: bytes
    blob: bytes

    @property
    def diff_id(self) -> Digest:
        """Of the archive."""
        return Digest.of(self.archive)

    @property
    def digest(self) -> Digest:
        """Of the blob."""
        return Digest.of(self.blob)


def layer(files: Mapping[str, bytes], level: int = 1) -> Layer:
    """A layer of regular files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return Layer(buffer.getvalue(), gzip.compress(buffer.getvalue(), level, mtime=0))


def noise(seed: str, size: int) -> bytes:
    """Bytes that do not shrink, the same for the same seed."""
    return hashlib.shake_128(seed.encode()).digest(size)


@dataclass
class Registry:
    """A registry of one test.

    :param stalls: blobs that are sent only in part, by digest and number of bytes, until `resume` is set.
    :param stalled: set when such a part has been sent.
    """

    directory: RegistryDirectory
    stalls: dict[Digest, int] = field(default_factory=dict)
    stalled: asyncio.Event = field(default_factory=asyncio.Event)
    resume: asyncio.Event = field(default_factory=asyncio.Event)
    address: str = ""
    _server: EmbeddedRegistry | None = None

    def publish(
        self,
        name: str,
        *layers: Layer,
        config: Mapping[str, object] | None = None,
        platform: str = "amd64",
        claimed: tuple[Digest, ...] | None = None,
    ) -> str:
        """Put an image there; the reference to pull it by.

        :param config: how it runs.
        :param claimed: the diff IDs that its config names, where they are not those of its layers.
        """
        document = {
            "os": "linux",
            "architecture": platform,
            "config": config or {},
            "rootfs": {"type": "layers", "diff_ids": claimed or [one.diff_id for one in layers]},
            "history": [{"created_by": f"layer {position}"} for position in range(1, len(layers) + 1)],
        }
        blobs = [self.directory.add_blob(one.blob, media.OCI_LAYER_GZIP) for one in layers]
        about = self.directory.add_blob(json.dumps(document).encode(), media.OCI_CONFIG)
        manifest = {
            "schemaVersion": 2,
            "mediaType": media.OCI_MANIFEST,
            "config": _plain(about),
            "layers": [_plain(blob) for blob in blobs],
        }
        repository, _, tag = name.partition(":")
        self.directory.add_manifest(repository, tag, json.dumps(manifest).encode(), media.OCI_MANIFEST)
        return f"{self.address}/{name}"

    def served(self, one: Layer) -> Served:
        """What was asked of a layer's blob."""
        assert self._server is not None
        return self._server.served.get(one.digest, Served())

    @web.middleware
    async def stall(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Send a part of a blob that is to stall, then wait."""
        digest = Digest(request.match_info.get("digest", ""))
        part = self.stalls.pop(digest, None)
        if part is None:
            return await handler(request)
        data = self.directory.blob(digest).read_bytes()
        response = web.StreamResponse()
        response.content_length = len(data)
        await response.prepare(request)
        await response.write(data[:part])
        self.stalled.set()
        await self.resume.wait()
        with contextlib.suppress(ConnectionError):  # whoever asked may be gone
            await response.write(data[part:])
        return response


@asynccontextmanager
async def registry_of(root: Path) -> AsyncIterator[Registry]:
    """A registry over a directory, served until the block ends."""
    registry = Registry(RegistryDirectory(root))
    async with EmbeddedRegistry(registry.directory, middlewares=[registry.stall]) as server:
        registry.address = server.address
        registry._server = server
        yield registry
        registry.resume.set()


def _plain(descriptor: Descriptor) -> dict[str, object]:
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}


def disk_usage(root: Path) -> int:
    """Bytes of all files below a directory, each inode once."""
    sizes: dict[int, int] = {}
    for directory, _, names in os.walk(root):
        for name in names:
            status = os.lstat(os.path.join(directory, name))
            sizes[status.st_ino] = status.st_size
    return sum(sizes.values())


def index_of(registry: Registry, *names: str) -> Digest:
    """An index `all` of images that are there, with an attestation as builders add it."""
    entries = []
    for name, platform in zip(names, ("amd64", "arm64"), strict=False):
        found = registry.directory.manifest(name, "1")
        entries.append({
            "mediaType": found.media_type, "digest": found.digest, "size": found.size,
            "platform": {"os": "linux", "architecture": platform},
        })  # fmt: skip
    claim = registry.directory.add_blob(b"{}", "application/vnd.in-toto+json")
    config = registry.directory.add_blob(b"{ }", media.OCI_CONFIG)
    attestation = {
        "schemaVersion": 2, "mediaType": media.OCI_MANIFEST,
        "config": {"mediaType": media.OCI_CONFIG, "digest": config.digest, "size": config.size},
        "layers": [{"mediaType": claim.media_type, "digest": claim.digest, "size": claim.size}],
    }  # fmt: skip
    raw = json.dumps(attestation).encode()
    made = registry.directory.add_manifest("multi", None, raw, media.OCI_MANIFEST)
    entries.append({
        "mediaType": made.media_type, "digest": made.digest, "size": made.size,
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
    })  # fmt: skip
    for name in names:
        found = registry.directory.manifest(name, "1")
        body = registry.directory.blob(found.digest).read_bytes()
        registry.directory.add_manifest("multi", None, body, found.media_type)
    document = {"schemaVersion": 2, "mediaType": media.OCI_INDEX, "manifests": entries}
    return registry.directory.add_manifest(
        "multi", "1", json.dumps(document).encode(), media.OCI_INDEX
    ).digest
