"""One image with Docker's keys, for scripts that know them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engine.images.catalogue import ImageRecord
from engine.images.naming import familiar
from engine.images.platforms import PlatformEntry, platforms_of
from engine.oci.config import ImageConfig
from engine.oci.reference import Reference
from engine.oci.run_config import RunConfig

if TYPE_CHECKING:
    from engine.images.remote import RemoteImage


def inspection(
    image: ImageRecord, config: ImageConfig, platforms: Sequence[PlatformEntry] = ()
) -> dict[str, Any]:
    """What `docker image inspect` says of an image, as one JSON object.

    `CompressedSize` and `Platforms` are ours.

    :param platforms: all that the image's name stood for when it was pulled; its own where it had no index.
    Source: Docker Engine API 1.47, "ImageInspect".
    """
    references = [Reference.parse(name) for name in image.names]
    repositories = sorted({reference.repository for reference in references})
    return {
        "Id": image.id,
        "RepoTags": sorted(reference.familiar for reference in references if reference.tag),
        "RepoDigests": [familiar(f"{repository}@{image.manifest_digest}") for repository in repositories],
        **_about(config),
        "Size": sum({layer.diff_id: layer.unpacked for layer in image.layers}.values()),
        "CompressedSize": sum({layer.diff_id: layer.compressed for layer in image.layers}.values()),
        "Config": _run(config.run),
        "RootFS": {"Type": "layers", "Layers": list(image.stack)},
        "Platforms": _platforms(platforms or [PlatformEntry(image.platform, image.manifest_digest)]),
        "Metadata": {"LastTagTime": _time(image.pulled)},
    }


def inspection_elsewhere(image: RemoteImage) -> dict[str, Any]:
    """The same of an image in a registry or an archive, with all platforms that its name stands for.

    What only an unpacked image has, its `Size` above all, is left out.
    """
    reference, config, manifest = image.reference, image.config, image.manifest
    digest = image.index.digest if image.index else manifest.digest
    return {
        "Id": image.id,
        "RepoTags": [reference.familiar] if reference and reference.tag else [],
        "RepoDigests": [familiar(f"{reference.repository}@{digest}")] if reference else [],
        **_about(config),
        "CompressedSize": sum(layer.descriptor.size for layer in image.layers),
        "Config": _run(config.run),
        "RootFS": {"Type": "layers", "Layers": list(config.diff_ids)},
        "Platforms": _platforms(platforms_of(image)),
    }


def _about(config: ImageConfig) -> dict[str, Any]:
    return {
        "Created": _time(config.created),
        "Author": config.author,
        "Comment": config.history[-1].comment if config.history else "",
        "Architecture": config.platform.architecture,
        "Variant": config.platform.variant,
        "Os": config.platform.os,
    }


def _platforms(entries: Sequence[PlatformEntry]) -> list[dict[str, str]]:
    return [{"Platform": entry.platform, "Digest": entry.digest} for entry in entries]


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
