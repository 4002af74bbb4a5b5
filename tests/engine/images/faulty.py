"""A store beside a registry that fails, and what has to be true of the store after each pull."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler

from engine.images.models import PullResult
from engine.images.pull import pull
from engine.images.service import ImageService
from engine.oci import Digest, parse_document
from engine.registry import EmbeddedRegistry, RegistryDirectory, RetryPolicy
from engine.settings import Settings
from engine.store import Layout
from tests.engine.images.publish import Layer, Registry, disk_usage, layer, noise
from tests.engine.registry.peers import HASTY
from tests.support.faulty_registry import Faults
from tests.support.leaks import processes_of
from tests.support.waiting import eventually

CONTENT = noise("big", 3_000_000)
BIG = layer({"big": CONTENT})
SMALL = layer({"small": noise("small", 3000)})
LONGEST = 20.0  # seconds in which a pull has to end; with the policies of the tests it takes two


@dataclass
class House:
    """A store and the registry that its one image comes from."""

    images: ImageService
    layout: Layout
    server: EmbeddedRegistry
    faults: Faults
    config: Digest
    reference: str
    gate: object = None

    def path(self, place: str) -> str:
        """What the requests for the manifest, the config or the big layer hold."""
        blobs = {"config": self.config, "layer": BIG.digest}
        return f"/blobs/{blobs[place]}" if place in blobs else "/manifests/"

    async def pull(self, policy: RetryPolicy = HASTY) -> PullResult:
        async with asyncio.timeout(LONGEST):
            return await pull(self.images._parts, self.reference, "", retry=policy)

    def kept(self, one: Layer) -> int:
        """Bytes of a layer that are here and need not travel again."""
        if (self.layout.layers / one.diff_id.hex).exists() or (self.layout.blobs / one.digest.hex).exists():
            return len(one.blob)
        ingest = self.layout.ingest / one.digest.hex
        return ingest.stat().st_size if ingest.exists() else 0

    def content_bytes(self) -> int:
        """What layers, seams, blobs and downloads take."""
        content = (self.layout.blobs, self.layout.ingest, self.layout.layers, self.layout.seams)
        return sum(map(disk_usage, content))

    def rows(self) -> dict[str, int]:
        """Rows of the tables that tell of images; the colours of layers stay for good."""
        tables = ("images", "names", "layers", "image_layers", "recipes", "leases")
        with self.images._parts.database.read() as connection:
            return {
                table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables
            }

    def check_nothing_seen(self) -> None:
        """No image, no row and no process tells of the pull that failed."""
        assert self.images.list() == []
        assert not any(self.rows().values()), self.rows()
        self.check_no_process()

    def check_no_process(self) -> None:
        """No helper works any more."""
        assert eventually(lambda: not processes_of(self.layout.root)), processes_of(self.layout.root)

    def check_image(self) -> None:
        """The image is here, as it was published, and nothing half made beside it."""
        (image,) = self.images.list()
        assert [one.diff_id for one in image.layers] == [SMALL.diff_id, BIG.diff_id]
        assert (self.layout.layers / BIG.diff_id.hex / "fs" / "big").read_bytes() == CONTENT
        assert list(self.layout.ingest.iterdir()) == []
        assert {SMALL.digest.hex, BIG.digest.hex} <= {entry.name for entry in self.layout.blobs.iterdir()}
        standing = {entry.name for entry in self.layout.layers.iterdir()}
        assert standing == {SMALL.diff_id.hex, BIG.diff_id.hex}
        self.check_no_process()

    def check_space_returns(self) -> None:
        """Nothing takes any space once everything is pruned."""
        self.images.prune(all_unused=True)
        self.check_nothing_seen()
        assert self.content_bytes() == 0


class Guard(Protocol):
    """Who is let in to a registry; stands before its faults."""

    def issue(self) -> None:
        """Make a token."""

    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Put before the handlers of `EmbeddedRegistry`."""
        ...


@asynccontextmanager
async def faulty_house(
    settings: Settings, served: Path, guard: Callable[[Faults], Guard] | None = None
) -> AsyncIterator[House]:
    """A store, empty yet, and an image `web:1` of a small and a big layer that it can pull.

    :param guard: makes the one that wants tokens.
    """
    directory = RegistryDirectory(served)
    faults = Faults(directory)
    gate = guard(faults) if guard else None
    if gate is not None:
        gate.issue()
    middlewares = [gate.middleware] if gate is not None else []
    async with EmbeddedRegistry(directory, middlewares=[*middlewares, faults.middleware]) as server:
        reference = Registry(directory, address=server.address).publish("web:1", SMALL, BIG)
        images = ImageService(settings, running=lambda _: False)
        yield House(images, Layout.of(settings), server, faults, _config(directory), reference, gate)
        faults.stop()


def _config(directory: RegistryDirectory) -> Digest:
    found = directory.manifest("web", "1")
    document = parse_document(directory.blob(found.digest).read_bytes(), found.media_type)
    config: Digest = document.config.digest  # type: ignore[union-attr]  # it was published as a manifest
    return config
