"""Sizes, ages and states in the words that Docker's tables use."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.containers.models import ContainerSummary

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def size(count: int) -> str:
    """Bytes with three significant digits and a decimal unit: `189 B`, `1.23 kB`, `718 MB`."""
    value, unit = float(count), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value /= 1000
        unit += 1
    return f"{value:.3g} {_UNITS[unit]}"


def counted(count: int, noun: str) -> str:
    """`1 layer`, `6 layers`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def ago(moment: float | None, now: float | None = None) -> str:
    """How long ago a moment was: `3 minutes ago`; `N/A` where it is not known, as Docker says.

    :param moment: seconds since the epoch.
    """
    return "N/A" if moment is None else f"{_span(moment, now)} ago"


def timestamp(moment: float | None) -> str:
    """A moment as Docker's lists write it: `2026-11-23 22:23:13 +0000 UTC`; `N/A` where it is not known."""
    from datetime import UTC, datetime

    return "N/A" if moment is None else f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S +0000 UTC}"


def status(container: ContainerSummary, now: float | None = None) -> str:
    """Docker's STATUS column: `Up 3 minutes`, `Exited (0) 2 hours ago`."""
    from engine.containers.models import Status  # 10 ms that pulls do without

    match container.status:
        case Status.CREATED:
            return "Created"
        case Status.RUNNING:
            return f"Up {_span(container.started, now)}{_health(container)}"
        case Status.PAUSED:
            return f"Up {_span(container.started, now)} (Paused)"
        case Status.DEAD:
            return "Dead"
        case Status.RESTARTING | Status.EXITED:
            word = container.status.value.capitalize()
            code = "?" if container.exit_code is None else str(container.exit_code)
            return f"{word} ({code}) {ago(container.finished, now)}"


def _health(container: ContainerSummary) -> str:
    if not container.health:
        return ""
    return " (health: starting)" if container.health == "starting" else f" ({container.health})"


def _span(moment: float | None, now: float | None) -> str:
    import humanize

    elapsed = (time.time() if now is None else now) - (moment or 0)
    # A clock that was set back must not make a container start in the future.
    return humanize.naturaldelta(max(0.0, elapsed)) if moment is not None else "an unknown time"
