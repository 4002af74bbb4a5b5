"""One image with Docker's keys, for scripts that know them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engine.images.catalogue import ImageRecord
from engine.images.naming import familiar
from engine.oci.config import ImageConfig
from engine.oci.digest import Digest
from engine.oci.manifest import is_image
from engine.oci.reference import Reference
from engine.oci.run_config import RunConfig

if TYPE_CHECKING:
    from engine.images.remote import RemoteImage


def inspection(image: ImageRecord, config: ImageConfig) -> dict[str, Any]:
    """What `docker image inspect` says of an image, as one JSON object.

    `CompressedSize` and `Platforms` are ours.
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
        "Platforms": [_platform(image.platform, image.manifest_digest)],
        "Metadata": {"LastTagTime": _time(image.pulled)},
    }


def inspection_elsewhere(image: RemoteImage) -> dict[str, Any]:
    """The same of an image in a registry or an archive, with all platforms that its name stands for.

    What only an unpacked image has, its `Size` above all, is left out.
    """
    reference, config, manifest = image.reference, image.config, image.manifest
    index = image.index
    entries = [each for each in index.manifests if is_image(each) and each.platform] if index else []
    digest = index.digest if index else manifest.digest
    return {
        "Id": image.id,
        "RepoTags": [reference.familiar] if reference and reference.tag else [],
        "RepoDigests": [familiar(f"{reference.repository}@{digest}")] if reference else [],
        **_about(config),
        "CompressedSize": sum(layer.descriptor.size for layer in image.layers),
        "Config": _run(config.run),
        "RootFS": {"Type": "layers", "Layers": list(config.diff_ids)},
        "Platforms": [_platform(str(each.platform), each.digest) for each in entries]
        or [_platform(str(config.platform), manifest.digest)],
    }


def _about(config: ImageConfig) -> dict[str, Any]:
    return {
        "Created": _time(config.created),
        "Author": config.author,
        "Architecture": config.platform.architecture,
        "Variant": config.platform.variant,
        "Os": config.platform.os,
    }


def _platform(platform: str, digest: Digest) -> dict[str, str]:
    return {"Platform": platform, "Digest": digest}


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
