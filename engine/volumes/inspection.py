"""One volume with Docker's keys, for scripts that know them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from engine.volumes.models import Volume


def inspection(found: Volume) -> dict[str, Any]:
    """Docker Engine API, VolumeInspect; and UsedBy, names of containers."""
    created = datetime.fromtimestamp(found.created, UTC).isoformat().replace("+00:00", "Z")
    return {
        "CreatedAt": created,
        "Driver": "local",
        "Labels": {**found.labels, **({"com.docker.volume.anonymous": ""} if found.anonymous else {})},
        "Mountpoint": found.path,
        "Name": found.name,
        "Options": {},
        "Scope": "local",
        "UsageData": {"Size": found.size, "RefCount": len(found.used_by)},
        "UsedBy": list(found.used_by),
    }
