"""How far somebody is in each lesson: one small file of his own store, which outlives the lesson's."""

from __future__ import annotations

import json
from pathlib import Path

from engine.settings import Settings
from engine.store.atomic import write_atomic

_LIMIT = 64 << 10  # bytes


def read_progress(settings: Settings) -> dict[str, int]:
    """By lesson, the number of the last step that was done; empty where the file cannot be read."""
    try:
        with _file(settings).open("rb") as file:
            found = json.loads(file.read(_LIMIT))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(name): step for name, step in found.items() if isinstance(step, int) and step > 0}


def keep_progress(settings: Settings, name: str, step: int) -> None:
    """Note the last step that was done; 0 forgets the lesson."""
    found = read_progress(settings)
    if found.get(name, 0) == step:
        return
    found[name] = step
    _file(settings).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomic(_file(settings), json.dumps({key: value for key, value in found.items() if value}).encode())


def _file(settings: Settings) -> Path:
    return settings.root / "lab" / "progress.json"
