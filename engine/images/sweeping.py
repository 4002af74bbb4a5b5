"""What killed pulls and removals left on disk, found and removed."""

from __future__ import annotations

import time

from engine.errors import Conflict
from engine.images.leftovers import find_leftovers, remove_leftovers
from engine.images.parts import Parts
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
        leftovers = find_leftovers(parts, connection, before)
    remove_leftovers(parts, leftovers)
