"""Waiting for something that another process does."""

from __future__ import annotations

import time
from collections.abc import Callable

# Seconds. A container's end waits until the disk has all that was written to it, by other tests too: its
# overlay is unmounted, and that writes out the whole file system (fs/overlayfs/super.c, ovl_sync_fs).
PATIENCE = 30.0


def eventually(condition: Callable[[], object], seconds: float = PATIENCE, *, every: float = 0.02) -> bool:
    """Whether the condition came true within so many seconds; returns as soon as it does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(every)
    return True
