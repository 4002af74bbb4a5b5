"""From a record and a state to all that is known of a container, with Docker's keys."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.containers.host_config import host_config
from engine.containers.mount_view import as_binds, as_mounts
from engine.containers.records import Record
from engine.oci.run_config import HealthCheck
from engine.runtime.models import UNSEEN, Health
from engine.runtime.state import State


def inspection(
    record: Record, state: State, directory: Path, lowers: list[str], health: Health = UNSEEN
) -> dict[str, Any]:
    """All of it, with Docker's keys (Docker Engine API, ContainerInspect).

    :param health: what the last looks after it found.
    """
    config = record.config
    return {
        "Id": record.id,
        "Name": f"/{record.name}",
        "Created": _time(record.created),
        "Path": config.argv[0],
        "Args": list(config.argv[1:]),
        "State": {**_state(state), **_health(state, health)},
        "Image": record.image_id,
        "Platform": "linux",
        "Driver": "overlay",
        "RestartCount": state.restarts,
        "LogPath": str(directory / "container.log"),
        "HostnamePath": str(directory / "hostname"),
        "HostsPath": str(directory / "hosts"),
        "ResolvConfPath": str(directory / "resolv.conf"),
        "HostConfig": {
            "AutoRemove": config.auto_remove,
            "Binds": as_binds(config.binds),
            "NetworkMode": config.network,
            "ReadonlyRootfs": config.read_only,
            "PortBindings": _port_bindings(config.ports),
            "RestartPolicy": {"Name": config.restart.name, "MaximumRetryCount": config.restart.limit},
            **host_config(config),
        },
        "GraphDriver": {
            "Name": "overlay",
            "Data": {
                "LowerDir": ":".join(lowers),
                "MergedDir": f"/proc/{pid}/root" if (pid := _pid(state)) else "",
                "UpperDir": str(directory / "upper"),
                "WorkDir": str(directory / "work"),
            },
        },
        "Mounts": as_mounts(config.binds, directory.parents[1] / "volumes"),
        "Config": {
            "Hostname": config.hostname,
            "Domainname": config.names.domain,
            "User": config.user,
            "Tty": config.tty,
            "OpenStdin": config.interactive,
            "Env": list(config.env),
            "ExposedPorts": {port: {} for port in config.open_ports},
            "Volumes": {bind.target: {} for bind in config.binds if bind.anonymous},
            "Cmd": list(config.cmd),
            "Image": record.image,
            "WorkingDir": config.workdir,
            "Entrypoint": list(config.entrypoint),
            "Labels": dict(config.labels),
            "StopSignal": config.stop_signal,
            "StopTimeout": _whole(config.stop_timeout),
            **_healthcheck(config.health),
        },
    }


def _pid(state: State) -> int:
    return state.init.pid if state.status in ("running", "paused") else 0


def _whole(seconds: float) -> float | int:
    """Docker's are whole numbers, which shells compute with."""
    return int(seconds) if seconds == int(seconds) else seconds


def _port_bindings(ports: Iterable[tuple[str, int, int, str]]) -> dict[str, list[dict[str, str]]]:
    """What was asked for; what came of it is in NetworkSettings."""
    found: dict[str, list[dict[str, str]]] = {}
    for address, port, target, protocol in ports:
        places = found.setdefault(f"{target}/{protocol}", [])
        places.append({"HostIp": address, "HostPort": str(port or "")})
    return found


def _state(state: State) -> dict[str, Any]:
    return {
        "Status": state.status,
        "Running": state.standing,
        "Paused": state.status == "paused",
        "Restarting": state.status == "restarting",
        "Dead": state.status == "dead",
        "Pid": _pid(state),
        "ExitCode": state.exit_code if state.exit_code is not None else 0,
        "OOMKilled": state.out_of_memory,
        "Error": state.error,
        "StartedAt": _time(state.started),
        "FinishedAt": _time(state.finished),
    }


def _health(state: State, health: Health) -> dict[str, Any]:
    if not state.health:
        return {}
    log = [
        {
            "Start": _time(look.start),
            "End": _time(look.end),
            "ExitCode": look.exit_code,
            "Output": look.output,
        }
        for look in health.looks
    ]
    return {"Health": {"Status": state.health, "FailingStreak": health.failing_streak, "Log": log}}


def _healthcheck(check: HealthCheck | None) -> dict[str, Any]:
    if check is None:
        return {}
    times = {
        "Interval": check.interval,
        "Timeout": check.timeout,
        "StartPeriod": check.start_period,
        "StartInterval": check.start_interval,
    }
    in_nanoseconds = {name: round(seconds * 1e9) for name, seconds in times.items()}
    return {"Healthcheck": {"Test": list(check.test), **in_nanoseconds, "Retries": check.retries}}


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "0001-01-01T00:00:00Z"  # Go's zero time, which scripts for Docker look for
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
