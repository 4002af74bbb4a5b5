"""A pull as a command does it: progress and outcome on stderr. Loads no click, for a plain pull has none."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from engine.cli.progress import PullProgress
from engine.cli.words import counted, size
from engine.errors import LaminaError, NotFound, PermissionDenied, Unavailable
from engine.printable import printable

if TYPE_CHECKING:
    from engine.images.models import PullResult
    from engine.rooms import Rooms

_OF_NO_LAB = (NotFound, PermissionDenied, Unavailable)


def pull_image(rooms: Rooms, reference: str, platform: str = "", *, quiet: bool = False) -> PullResult:
    """Pull with progress on stderr, and a last line that says what travelled."""
    progress = PullProgress(quiet)

    async def work() -> PullResult:
        return await rooms.images.pull(reference, platform, on_plan=progress.plan, on_progress=progress.layer)

    try:
        try:
            result = asyncio.run(work())
        finally:
            progress.close()
    except _OF_NO_LAB as error:
        raise told_of_lab(rooms, reference, error) from error
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: what has arrived is kept, and the next pull goes on from there\n")
        raise
    if not quiet:
        lines = [_outcome(result), *(f"note: {printable(note)}" for note in result.notes)]
        sys.stderr.write("".join(f"{line}\n" for line in lines))
        sys.stderr.flush()
    return result


def told_of_lab(rooms: Rooms, reference: str, error: LaminaError) -> LaminaError:
    """The error, with a hint at the lab where the name is one of its names and it does not serve."""
    if not reference.startswith("lab/") or rooms.lab.status().running:
        return error
    return type(error)(error.message, hint="the sample images under lab/ are served by: lamina lab up")


def _outcome(result: PullResult) -> str:
    """What was planned and what came of it, side by side."""
    plan, fetched = result.plan, result.fetched_bytes
    missing = sum(not layer.here for layer in plan.layers)
    # Exact where they differ: both may round to the same.
    planned = "as planned" if fetched == plan.fetch_bytes else f"{fetched} bytes, planned {plan.fetch_bytes}"
    return (
        f"fetched {size(fetched)} of {size(plan.total_bytes)} ({planned}), {missing} of"
        f" {counted(len(plan.layers), 'layer')}; on disk +{size(result.disk_bytes)}"
        f" (planned about +{size(plan.disk_bytes)})"
    )
