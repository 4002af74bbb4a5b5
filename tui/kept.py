"""What the screen remembers between starts: theme, order of the images, tabs. Losing it costs nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_LARGEST = 64 * 1024  # bytes
_MOST_PRESETS = 30


def kept_file() -> Path:
    """Where it lies (XDG Base Directory Specification, state)."""
    base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(base) / "lamina" / "screen.json"


def remembered() -> dict[str, str]:
    """Words by name; nothing where there is nothing that can be read."""
    return _words(_read(kept_file()))


def remember(words: Mapping[str, str]) -> None:
    """Keep them; a place that cannot be written to is passed over."""
    _write(kept_file(), dict(words))


def preset_of(image: str) -> dict[str, str]:
    """How an image was last wished to be run; nothing where nothing was kept."""
    return _words(_read(_presets_file()).get(image))


def save_preset(image: str, fields: Mapping[str, str]) -> None:
    """Keep how an image shall be run; of too many images the oldest is forgotten."""
    kept = _read(_presets_file())
    kept.pop(image, None)
    kept[image] = dict(fields)
    _write(_presets_file(), dict(list(kept.items())[-_MOST_PRESETS:]))


def _presets_file() -> Path:
    return kept_file().with_name("run-presets.json")


def _read(file: Path) -> dict[str, object]:
    try:
        with file.open("rb") as opened:
            found = json.loads(opened.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _words(found: object) -> dict[str, str]:
    if not isinstance(found, dict):
        return {}
    return {key: value for key, value in found.items() if isinstance(key, str) and isinstance(value, str)}


def _write(file: Path, value: object) -> None:
    from engine.store import write_atomic

    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(file, json.dumps(value).encode("utf-8"), 0o600)  # presets may hold passwords
