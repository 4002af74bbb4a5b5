"""A container's mounts with Docker's keys (Docker Engine API, ContainerInspect: HostConfig and Mounts)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.runtime.config import Bind


def as_binds(binds: Sequence[Bind]) -> list[str]:
    """`HostConfig.Binds`: what was given by path or name, in the words of -v."""
    found = []
    for bind in binds:
        if not bind.anonymous:
            words = ["ro"] if bind.read_only else []
            words += [bind.propagation] if bind.propagation != "rprivate" else []
            mode = f":{','.join(words)}" if words else ""
            found.append(f"{bind.volume or bind.source}:{bind.target}{mode}")
    return found


def as_mounts(binds: Sequence[Bind], volumes: Path) -> list[dict[str, Any]]:
    """`Mounts`. :param volumes: the store's directory of volumes."""
    return [_volume(bind, volumes) if bind.volume else _bind(bind) for bind in binds]


def _bind(bind: Bind) -> dict[str, Any]:
    return {
        "Type": "bind",
        "Name": "",  # so that a template that runs over all kinds of mounts may ask for it
        "Source": bind.source,
        "Destination": bind.target,
        "Driver": "",
        "Mode": "ro" if bind.read_only else "",
        "RW": not bind.read_only,
        "Propagation": bind.propagation,
    }


def _volume(bind: Bind, volumes: Path) -> dict[str, Any]:
    return {
        "Type": "volume",
        "Name": bind.volume,
        "Source": str(volumes / bind.volume / "_data"),
        "Destination": bind.target,
        "Driver": "local",
        "Mode": "ro" if bind.read_only else "",
        "RW": not bind.read_only,
        "Propagation": "",
        **({"Subpath": bind.subpath} if bind.subpath else {}),
    }
