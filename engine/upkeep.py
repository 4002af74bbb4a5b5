"""The store as a whole: what it takes, and making it smaller. Blocking calls."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import LaminaError
from engine.images.leftovers import tree_size
from engine.volumes.models import NOTHING, PrunedVolumes

if TYPE_CHECKING:
    from engine.images.check_models import CheckReport, OnCheck
    from engine.images.models import ImageSummary
    from engine.images.pruning import PrunedImages
    from engine.rooms import Rooms

# A container's directory is made before its row: one without a row may be about to get it.
_YOUNG = 3600.0  # seconds
_STANDING = ("running", "paused", "restarting")


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One kind of thing on the store's disk; sizes are bytes of files.

    :param active: how many of `total` are in use: images and volumes by containers, containers by running.
    :param reclaimable: what `system prune -a` would free of it, and of volumes `volume prune -a`.
    """

    kind: str
    total: int
    active: int
    size: int
    reclaimable: int


@dataclass(frozen=True, slots=True)
class ContainerUsage:
    """What a container's own directory takes: its writable layer, log and small files."""

    id: str
    name: str
    image: str
    status: str
    size: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What a store takes.

    :param rows: by kind. Images are their unpacked layers, each once, and what they travelled as; file tables
        are those of layers that were only looked at elsewhere.
    :param free: bytes that the disk has left.
    """

    rows: tuple[UsageRow, ...]
    images: tuple[ImageSummary, ...]
    containers: tuple[ContainerUsage, ...]
    volumes: tuple[tuple[str, int], ...]
    free: int


@dataclass(frozen=True, slots=True)
class Pruned:
    """What a prune did, or would do.

    :param containers: names of those removed, `container_bytes` in all.
    :param directories: of containers that are not known any more.
    :param volumes: those without a name that no container has, where that was asked for.
    :param freed: bytes of everything.
    """

    containers: tuple[str, ...]
    container_bytes: int
    directories: int
    images: PrunedImages
    freed: int
    volumes: PrunedVolumes = NOTHING


class Upkeep:
    """Usage, prune and check of one store. :param rooms: of the store."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def usage(self) -> Usage:
        """What the store takes, by kind."""
        images = self._rooms.images.list()
        containers = self._container_usage()
        kept = self._rooms.volumes.list(sizes=True)
        volumes = tuple((volume.name, volume.size or 0) for volume in kept)
        idle = sum(volume.size or 0 for volume in kept if not volume.used_by)
        held = sum(bool(volume.used_by) for volume in kept)
        stopped = [each for each in containers if each.status not in _STANDING]
        prunable = self._rooms.images.preview_prune(True, [each.id for each in stopped])
        freed_unpacked = sum(image.freed_unpacked for image in prunable.images)
        freed_blobs = sum(image.freed for image in prunable.images) - freed_unpacked
        layers = {layer.diff_id: layer.unpacked for image in images for layer in image.layers}
        used = {layer.diff_id for image in images if image.containers for layer in image.layers}
        blobs = self._rooms.images.blob_sizes()
        size = sum(layers.values()) + sum(blobs)
        in_use = sum(image.containers > 0 for image in images)
        rows = (
            UsageRow("images", len(images), in_use, size, freed_unpacked + freed_blobs),
            UsageRow("layers, unpacked", len(layers), len(used), sum(layers.values()), freed_unpacked),
            UsageRow("blobs, compressed", len(blobs), 0, sum(blobs), freed_blobs),
            UsageRow(
                "containers",
                len(containers),
                len(containers) - len(stopped),
                sum(each.size for each in containers),
                sum(each.size for each in stopped),
            ),
            UsageRow("volumes", len(volumes), held, sum(size for _, size in volumes), idle),
            self._tables(),
            self._leftovers(prunable),
            UsageRow("the store itself", 1, 1, self._own_size(), 0),
        )
        disk = os.statvfs(self._rooms.layout.root)
        return Usage(rows, tuple(images), containers, volumes, disk.f_bavail * disk.f_frsize)

    def preview_prune(self, all_unused: bool = False, volumes: bool = False) -> Pruned:
        """What `prune` would do, with the same numbers; changes nothing."""
        stopped = self._stopped()
        images = self._rooms.images.preview_prune(all_unused, [each.id for each in stopped])
        gone = frozenset(each.name for each in stopped)
        idle = self._rooms.volumes.preview_prune(gone=gone) if volumes else NOTHING
        return _pruned(stopped, self._abandoned(), images, idle)

    def prune(self, all_unused: bool = False, volumes: bool = False) -> Pruned:
        """Remove containers that do not run, images that are not needed, and what belongs to nothing.

        :param all_unused: also images that have a name; else only those without.
        :param volumes: also volumes without a name that no container has then.
        """
        removed = []
        for each in self._stopped():
            try:
                self._rooms.containers.remove(each.id)
            except LaminaError:
                continue  # started or removed meanwhile: then it is not ours to take
            removed.append(each)
        directories = self._abandoned()
        for path, _ in directories:
            _delete(path)
        idle = self._rooms.volumes.prune() if volumes else NOTHING
        return _pruned(removed, directories, self._rooms.images.prune(all_unused), idle)

    async def check(self, repair: bool = False, on_progress: OnCheck | None = None) -> CheckReport:
        """Look at every byte, attribute and row of the store.

        :param repair: unpack damaged layers again, and fetch again what is damaged itself. What a running
            container stands on is mounted and is left alone; the report says so.
        :param on_progress: called from several threads, ten times a second.
        :raises Conflict: images are being removed.
        """
        from engine.images.checking import Container

        containers = [
            Container(each.id, each.name, each.image_id)
            for each in await asyncio.to_thread(self._rooms.containers.list, True)
        ]
        running = self._rooms.containers.is_running
        return await self._rooms.images.check(containers, running, repair, on_progress)

    def _tables(self) -> UsageRow:
        """File tables that looks at images elsewhere left, so that the next look need not read again."""
        from engine.layers.listed import ListedTables

        total, size = ListedTables(self._rooms.layout).usage()
        return UsageRow("file tables", total, 0, size, size)

    def _leftovers(self, prunable: PrunedImages) -> UsageRow:
        directories, tables = self._abandoned(), self._tables()
        total = prunable.leftovers - tables.total + len(directories)
        size = prunable.leftover_bytes - tables.size + sum(size for _, size in directories)
        return UsageRow("leftovers", total, 0, size, size)

    def _own_size(self) -> int:
        """What it takes to know all the others: database, journal, tables of layers, seams, reserve."""
        layout = self._rooms.layout
        known = [*layout.root.glob(f"{layout.database.name}*"), *layout.root.glob(f"{layout.journal.name}*")]
        known += layout.layers.glob("*/table")
        sizes = [path.stat().st_size for path in known if path.is_file()]
        return sum(sizes) + tree_size(layout.seams) + tree_size(layout.reserve)

    def _container_usage(self) -> tuple[ContainerUsage, ...]:
        return tuple(
            ContainerUsage(
                each.id,
                each.name,
                each.image,
                each.status.value,
                tree_size(self._rooms.layout.container(each.id)),
            )
            for each in self._rooms.containers.list(True)
        )

    def _stopped(self) -> list[ContainerUsage]:
        return [each for each in self._container_usage() if each.status not in _STANDING]

    def _abandoned(self) -> list[tuple[Path, int]]:
        """Directories of containers that have no row, and their sizes."""
        known = {each.id for each in self._rooms.containers.list(True)}
        before = time.time() - _YOUNG
        found = [path for path in _directories(self._rooms.layout.containers) if path.name not in known]
        return [(path, tree_size(path)) for path in found if path.stat().st_mtime < before]


def _pruned(
    stopped: list[ContainerUsage],
    directories: list[tuple[Path, int]],
    images: PrunedImages,
    volumes: PrunedVolumes,
) -> Pruned:
    size = sum(each.size for each in stopped) + sum(size for _, size in directories)
    names = tuple(each.name for each in stopped)
    return Pruned(names, size, len(directories), images, size + images.freed + volumes.freed, volumes)


def _directories(parent: Path) -> list[Path]:
    return sorted(Path(entry.path) for entry in os.scandir(parent) if entry.is_dir(follow_symlinks=False))


def _delete(path: Path) -> None:
    from engine.layers.removal import remove_tree

    remove_tree(path)
