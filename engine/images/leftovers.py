"""What lies on disk and belongs to no image: what killed or interrupted pulls and removals left."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import Corrupt
from engine.images.catalogue import ImageRecord, read_catalogue
from engine.images.parts import Parts
from engine.layers.removal import move_away, remove_tree
from engine.oci.chain import chain_id
from engine.oci.digest import Digest
from engine.store.atomic import TEMPORARY, remove_unlocked
from engine.store.leases import leased_digests

if TYPE_CHECKING:
    import sqlite3

_HEX_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What could go without anybody missing it.

    :param blobs: of no image; :param layers: of no image; :param seams: of no stack.
    :param files: interrupted downloads and temporary files that nobody works on, and the file tables that
        looks at images elsewhere left.
    :param trees: layers and seams half made or half removed that nobody works on.
    :param size: bytes of all their files.
    """

    blobs: tuple[Digest, ...] = ()
    layers: tuple[Digest, ...] = ()
    seams: tuple[Digest, ...] = ()
    files: tuple[Path, ...] = ()
    trees: tuple[Path, ...] = ()
    size: int = 0

    @property
    def count(self) -> int:
        """How many they are."""
        return len(self.blobs) + len(self.layers) + len(self.seams) + len(self.files) + len(self.trees)


def find_leftovers(parts: Parts, connection: sqlite3.Connection, before: float) -> Leftovers:
    """What belongs to no image; the caller holds the lock on content, or only wants to know.

    :param before: seconds since the epoch; what was made later is left out.
    """
    images = read_catalogue(connection).images
    leased = leased_digests(connection)
    known = needed(images) | leased
    chains = {chain_id(image.stack) for image in images if image.stack}
    layout = parts.layout
    blobs = tuple(digest for digest in _old(layout.blobs, before) if digest not in known)
    layers = tuple(digest for digest in _old(layout.layers, before) if digest not in known)
    seams = tuple(chain for chain in _old(layout.seams, before) if chain not in chains)
    files = tuple(_idle_files(parts, leased, before))
    trees = tuple(path for path in parts.layers.unfinished() if path.stat().st_mtime < before)
    size = sum(parts.blobs.size(digest) for digest in blobs) + sum(path.stat().st_size for path in files)
    size += sum(_layer_size(parts, diff_id) for diff_id in layers)
    size += sum(tree_size(layout.seams / chain.hex) for chain in seams) + sum(map(tree_size, trees))
    return Leftovers(blobs, layers, seams, files, trees, size)


def remove_leftovers(parts: Parts, leftovers: Leftovers) -> None:
    """Remove them; the caller holds the lock on content."""
    for path in leftovers.files:
        remove_unlocked(path)
    for digest in leftovers.blobs:
        parts.blobs.remove(digest)
    for diff_id in leftovers.layers:
        parts.layers.remove(diff_id)
    for chain in leftovers.seams:
        gone = move_away(parts.layout.seams / chain.hex)
        if gone is not None:
            remove_tree(gone)
    if leftovers.trees:
        parts.layers.sweep()


def needed(images: Collection[ImageRecord]) -> set[str]:
    """Digests of all that images are made of: layers by diff ID, blobs, configs, manifests."""
    known: set[str] = set()
    for image in images:
        known |= {image.id, image.manifest_digest, *image.stack}
        known |= {layer.blob_digest for layer in image.layers}
    return known


def tree_size(root: Path) -> int:
    """Bytes of all files below a directory, each once however many names it has; 0 where there is none."""
    sizes: dict[int, int] = {}
    pending = [os.fspath(root)]
    while pending:
        try:
            entries = list(os.scandir(pending.pop()))
        except OSError:
            continue  # removed meanwhile, or beyond what a path can name: the size is told, not relied on
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            else:
                status = entry.stat(follow_symlinks=False)
                sizes[status.st_ino] = status.st_size
    return sum(sizes.values())


def _layer_size(parts: Parts, diff_id: Digest) -> int:
    try:
        return parts.layers.usage(diff_id).unpacked
    except Corrupt:
        return tree_size(parts.layers.fs(diff_id))


def _idle_files(parts: Parts, leased: Collection[str], before: float) -> Iterator[Path]:
    for entry in os.scandir(parts.layout.ingest):
        # A pull under way may not have come to it yet.
        wanted = len(entry.name) == _HEX_LENGTH and Digest.from_hex(entry.name) in leased
        if not wanted and _is_idle(entry, before):
            yield Path(entry.path)
    with suppress(FileNotFoundError):  # nobody has looked at an image elsewhere yet
        for entry in os.scandir(parts.layout.tables):
            if _is_idle(entry, before):
                yield Path(entry.path)
    for directory in (parts.layout.root, parts.layout.blobs):
        for entry in os.scandir(directory):
            if entry.name.startswith(TEMPORARY) and _is_idle(entry, before):
                yield Path(entry.path)


def _is_idle(entry: os.DirEntry[str], before: float) -> bool:
    """Whether a file is old enough and nobody holds a lock on it."""
    if not entry.is_file(follow_symlinks=False) or entry.stat(follow_symlinks=False).st_mtime >= before:
        return False
    try:
        descriptor = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _old(directory: Path, before: float) -> list[Digest]:
    return sorted(
        Digest.from_hex(entry.name)
        for entry in os.scandir(directory)
        if len(entry.name) == _HEX_LENGTH and entry.stat(follow_symlinks=False).st_mtime < before
    )
