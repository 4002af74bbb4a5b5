"""What the screen remembers between starts: theme, order of the images, tabs. Losing it costs nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_LARGEST = 64 * 1024  # bytes


def kept_file() -> Path:
    """Where it lies (XDG Base Directory Specification, state)."""
    base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(base) / "lamina" / "screen.json"


def remembered() -> dict[str, str]:
    """Words by name; nothing where there is nothing that can be read."""
    try:
        with kept_file().open("rb") as file:
            found = json.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: value for key, value in found.items() if isinstance(key, str) and isinstance(value, str)}


def remember(words: Mapping[str, str]) -> None:
    """Keep them; a place that cannot be written to is passed over."""
    from engine.store import write_atomic

    file = kept_file()
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(file, json.dumps(dict(words)).encode("utf-8"))
