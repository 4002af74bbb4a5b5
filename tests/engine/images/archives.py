"""Archives of images built in the test, honest ones and others."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.oci import Digest, media
from tests.engine.images.publish import Layer


def config_of(*layers: Layer, **more: object) -> bytes:
    """The config of an image."""
    document = {
        "os": "linux",
        "architecture": "amd64",
        "config": more,
        "rootfs": {"type": "layers", "diff_ids": [one.diff_id for one in layers]},
    }
    return json.dumps(document).encode()


def docker_files(
    config: bytes, layers: Mapping[str, bytes], tags: Sequence[str] = ("web:1",)
) -> dict[str, bytes]:
    """What `docker save` wrote before version 25, layers by path."""
    name = f"{Digest.of(config).hex}.json"
    entry = {"Config": name, "RepoTags": list(tags), "Layers": list(layers)}
    return {name: config, **layers, "manifest.json": json.dumps([entry]).encode()}


def oci_files(
    config: bytes, *layers: Layer, annotations: Mapping[str, str] | None = None
) -> dict[str, bytes]:
    """An OCI image layout."""
    manifest = {
        "schemaVersion": 2,
        "mediaType": media.OCI_MANIFEST,
        "config": described(config, media.OCI_CONFIG),
        "layers": [described(one.blob, media.OCI_LAYER_GZIP) for one in layers],
    }
    raw = json.dumps(manifest).encode()
    entry = {**described(raw, media.OCI_MANIFEST), "annotations": dict(annotations or {})}
    files = {blob_name(data): data for data in (raw, config, *(one.blob for one in layers))}
    files["oci-layout"] = b'{"imageLayoutVersion":"1.0.0"}'
    files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()
    return files


def described(data: bytes, media_type: str) -> dict[str, object]:
    """The descriptor of a blob."""
    return {"mediaType": media_type, "digest": Digest.of(data), "size": len(data)}


def blob_name(data: bytes) -> str:
    """Where a blob lies in an image layout."""
    return f"blobs/sha256/{Digest.of(data).hex}"


def tar_of(files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    """A tar archive of files and symbolic links."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return buffer.getvalue()


def write_tar(path: Path, files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> Path:
    """The archive in a file."""
    path.write_bytes(tar_of(files, links))
    return path


def write_directory(path: Path, files: Mapping[str, bytes]) -> Path:
    """The files in a directory."""
    for name, data in files.items():
        place = path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return path
