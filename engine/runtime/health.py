"""What the monitor of a container last found when it looked after its health."""

from __future__ import annotations

import json
from pathlib import Path

from engine.launch.health import FILE
from engine.runtime.models import Health, HealthLook


def read_health(directory: Path) -> Health:
    """What is kept in a container's directory; nothing where there is nothing, or nothing to be read."""
    try:
        head, *lines = (directory / FILE).read_bytes().splitlines()
        looks = tuple(HealthLook(**json.loads(line)) for line in lines)
        return Health(int(json.loads(head)["failing_streak"]), looks)
    except (OSError, ValueError, TypeError, KeyError):
        return Health()
