"""From records and states to what fronts see."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.containers.host_config import host_config
from engine.containers.models import ContainerSummary, Status
from engine.containers.records import Record
from engine.runtime.state import State


def summary(record: Record, state: State) -> ContainerSummary:
    """A list row."""
    config = record.config
    return ContainerSummary(
        id=record.id,
        name=record.name,
        image=record.image,
        image_id=record.image_id,
        command=config.argv,
        created=record.created,
        status=Status(state.status),
        pid=state.init.pid if state.status == "running" else 0,
        exit_code=state.exit_code,
        started=state.started,
        finished=state.finished,
        error=state.error,
        network=config.network,
        tty=config.tty,
        labels=config.labels,
    )


def inspection(record: Record, state: State, directory: Path, lowers: list[str]) -> dict[str, Any]:
    """All of it, with Docker's keys (Docker Engine API, ContainerInspect)."""
    config = record.config
    return {
        "Id": record.id,
        "Name": f"/{record.name}",
        "Created": _time(record.created),
        "Path": config.argv[0],
        "Args": list(config.argv[1:]),
        "State": _state(state),
        "Image": record.image_id,
        "LogPath": str(directory / "container.log"),
        "HostnamePath": str(directory / "hostname"),
        "HostsPath": str(directory / "hosts"),
        "ResolvConfPath": str(directory / "resolv.conf"),
        "HostConfig": {
            "AutoRemove": config.auto_remove,
            "Binds": [
                f"{bind.source}:{bind.target}{':ro' if bind.read_only else ''}" for bind in config.binds
            ],
            "NetworkMode": config.network,
            "ReadonlyRootfs": config.read_only,
            **host_config(config),
        },
        "GraphDriver": {
            "Name": "overlay",
            "Data": {
                "LowerDir": ":".join(lowers),
                "UpperDir": str(directory / "upper"),
                "WorkDir": str(directory / "work"),
            },
        },
        "Mounts": [
            {
                "Type": "bind",
                "Source": bind.source,
                "Destination": bind.target,
                "RW": not bind.read_only,
            }
            for bind in config.binds
        ],
        "Config": {
            "Hostname": config.hostname,
            "User": config.user,
            "Tty": config.tty,
            "OpenStdin": config.interactive,
            "Env": list(config.env),
            "Cmd": list(config.cmd),
            "Image": record.image,
            "WorkingDir": config.workdir,
            "Entrypoint": list(config.entrypoint),
            "Labels": dict(config.labels),
            "StopSignal": config.stop_signal,
            "StopTimeout": config.stop_timeout,
        },
    }


def _state(state: State) -> dict[str, Any]:
    return {
        "Status": state.status,
        "Running": state.status == "running",
        "Paused": state.status == "paused",
        "Restarting": state.status == "restarting",
        "Dead": state.status == "dead",
        "Pid": state.init.pid if state.status == "running" else 0,
        "ExitCode": state.exit_code if state.exit_code is not None else 0,
        "OOMKilled": state.out_of_memory,
        "Error": state.error,
        "StartedAt": _time(state.started),
        "FinishedAt": _time(state.finished),
    }


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "0001-01-01T00:00:00Z"  # Go's zero time, which scripts for Docker look for
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
