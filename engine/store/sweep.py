"""What a crash left in the store, removed; safe at any time, by any number of fronts."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple

from engine.errors import Conflict
from engine.store.atomic import remove_abandoned, remove_unlocked
from engine.store.database import Database
from engine.store.layout import Layout
from engine.store.leases import drop_dead_leases
from engine.store.locks import lock

STALE_AFTER = 7 * 86400.0  # seconds that an interrupted download is kept for resuming


class Swept(NamedTuple):
    """What was removed: interrupted downloads, temporary files, leases of dead processes."""

    ingests: int = 0
    temporaries: int = 0
    leases: int = 0


def sweep(layout: Layout, database: Database, stale_after: float = STALE_AFTER) -> Swept:
    """Remove what a crash left: old downloads nobody works on, abandoned temporary files, dead leases.

    Nothing happens when another front sweeps at this moment.
    """
    layout.create()
    try:
        with lock(layout, "sweep", timeout=0):
            temporaries = sum(
                remove_abandoned(directory) for directory in (layout.root, layout.blobs) if directory.is_dir()
            )
            ingests = _remove_stale(layout.ingest, time.time() - stale_after)
            with database.write() as connection:
                leases = drop_dead_leases(connection)
    except Conflict:
        return Swept()
    return Swept(ingests, temporaries, leases)


def _remove_stale(directory: Path, before: float) -> int:
    # Whoever downloads holds a lock on the file; and finds its name gone if it waited for ours.
    stale = [entry for entry in os.scandir(directory) if _is_stale(entry, before)]
    return sum(remove_unlocked(Path(entry.path)) for entry in stale)


def _is_stale(entry: os.DirEntry[str], before: float) -> bool:
    return entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_mtime < before
