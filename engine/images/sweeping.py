"""What killed pulls and removals left on disk, found and removed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from engine.errors import Conflict
from engine.images.catalogue import read_catalogue
from engine.images.parts import Parts
from engine.layers.removal import move_away, remove_tree
from engine.oci.chain import chain_id
from engine.oci.digest import Digest
from engine.store.leases import leased_digests
from engine.store.locks import lock
from engine.store.sweep import STALE_AFTER, sweep


def sweep_leftovers(parts: Parts) -> None:
    """Sweep; what other fronts work on at this moment is left alone."""
    sweep(parts.layout, parts.database)
    parts.layers.sweep()
    try:
        with lock(parts.layout, "content", timeout=0):
            remove_strays(parts, time.time() - STALE_AFTER)
    except Conflict:
        pass  # the next front sweeps


def remove_strays(parts: Parts, before: float) -> None:
    """Remove whole layers, seams and blobs that belong to no image; the caller holds the lock on content.

    Young ones stay: they are what an interrupted pull has finished, and the next one need not fetch.

    :param before: seconds since the epoch; what was made later is young.
    """
    with parts.database.read() as connection:
        images = read_catalogue(connection).images
        known: set[str] = leased_digests(connection)
    for image in images:
        known |= {
            image.id,
            image.manifest_digest,
            *image.stack,
            *(layer.blob_digest for layer in image.layers),
        }
    for digest in _stale(parts.layout.blobs, before):
        if digest not in known:
            parts.blobs.remove(digest)
    for diff_id in _stale(parts.layout.layers, before):
        if diff_id not in known:
            parts.layers.remove(diff_id)
    chains = {chain_id(image.stack) for image in images if image.stack}
    for chain in _stale(parts.layout.seams, before):
        gone = None if chain in chains else move_away(parts.layout.seams / chain.hex)
        if gone is not None:
            remove_tree(gone)


def _stale(directory: Path, before: float) -> Iterator[Digest]:
    names = [
        entry.name for entry in os.scandir(directory) if entry.stat(follow_symlinks=False).st_mtime < before
    ]
    for name in names:
        if len(name) == 64:
            yield Digest.from_hex(name)
