"""Moments as people type them: times, seconds since 1970, and times ago."""

from __future__ import annotations

import re
import time
from datetime import datetime

import click

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = r"(\d{1,12}(?:\.\d{1,9})?)(ns|us|µs|ms|s|m|h)"
_SECONDS = re.compile(r"\d{1,12}(?:\.\d{1,9})?", re.ASCII)


def duration(text: str) -> float | None:
    """Seconds of `1m30s` or `500ms`, as Go writes durations; None where it is none."""
    if not re.fullmatch(f"(?:{_PART})+", text, re.ASCII):
        return None
    return sum(float(count) * _UNITS[unit] for count, unit in re.findall(_PART, text))


def moment(_ctx: click.Context, _: click.Parameter, text: str | None) -> float | None:
    """A click callback: seconds since the epoch, of an ISO (RFC 3339) time or a duration such as 1h30m."""
    if text is None:
        return None
    if _SECONDS.fullmatch(text):
        return float(text)
    if (ago := duration(text)) is not None:
        return time.time() - ago
    try:
        # Of Docker's nine digits this clock's own are kept.
        short = re.sub(r"(\.\d{6})\d{1,3}(?!\d)", r"\1", text)
        return datetime.fromisoformat(short).astimezone().timestamp()
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(
            f"{text!r} is no time; say 2026-01-31T12:00:00, seconds since 1970, or 10m for ten minutes ago"
        ) from error
