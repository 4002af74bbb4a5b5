"""One image with Docker's keys, for scripts that know them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from engine.images.catalogue import ImageRecord
from engine.images.naming import familiar
from engine.oci.config import ImageConfig
from engine.oci.reference import Reference
from engine.oci.run_config import RunConfig


def inspection(image: ImageRecord, config: ImageConfig) -> dict[str, Any]:
    """What `docker image inspect` says of an image, as one JSON object.

    Source: Docker Engine API 1.47, "ImageInspect".
    """
    references = [Reference.parse(name) for name in image.names]
    repositories = sorted({reference.repository for reference in references})
    return {
        "Id": image.id,
        "RepoTags": sorted(reference.familiar for reference in references if reference.tag),
        "RepoDigests": [familiar(f"{repository}@{image.manifest_digest}") for repository in repositories],
        "Created": _time(config.created),
        "Author": config.author,
        "Architecture": config.platform.architecture,
        "Variant": config.platform.variant,
        "Os": config.platform.os,
        "Size": sum({layer.diff_id: layer.unpacked for layer in image.layers}.values()),
        "Config": _run(config.run),
        "RootFS": {"Type": "layers", "Layers": list(image.stack)},
        "Metadata": {"LastTagTime": _time(image.pulled)},
    }


def _run(run: RunConfig) -> dict[str, Any]:
    return {
        "User": run.user,
        "ExposedPorts": {port: {} for port in run.exposed_ports},
        "Env": list(run.env),
        "Cmd": list(run.cmd) or None,
        "Volumes": {volume: {} for volume in run.volumes},
        "WorkingDir": run.workdir,
        "Entrypoint": list(run.entrypoint) or None,
        "Labels": dict(run.labels),
        "StopSignal": run.stop_signal,
    }


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
