"""Small documents that are right, for tests to make wrong."""

from __future__ import annotations

import json
from typing import Any

from engine.oci import Digest, media

CONFIG_DIGEST = Digest.of(b"config")
LAYER_DIGESTS = (Digest.of(b"base"), Digest.of(b"top"))


def descriptor(media_type: str, digest: str = CONFIG_DIGEST, size: int = 7, **more: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest, "size": size, **more}


def manifest(**changes: Any) -> dict[str, Any]:
    """An OCI manifest; a change to None leaves the key out."""
    document = {
        "schemaVersion": 2,
        "mediaType": media.OCI_MANIFEST,
        "config": descriptor(media.OCI_CONFIG),
        "layers": [descriptor(media.OCI_LAYER_GZIP, digest) for digest in LAYER_DIGESTS],
        **changes,
    }
    return {key: value for key, value in document.items() if value is not None}


def index(*platforms: str, **changes: Any) -> dict[str, Any]:
    """An OCI index with one manifest a platform, its digest that of the platform's name."""
    document = {
        "schemaVersion": 2,
        "mediaType": media.OCI_INDEX,
        "manifests": [entry(platform) for platform in platforms],
        **changes,
    }
    return {key: value for key, value in document.items() if value is not None}


def entry(platform: str, **more: Any) -> dict[str, Any]:
    os_name, architecture, *variant = platform.split("/")
    named = {"os": os_name, "architecture": architecture, **({"variant": variant[0]} if variant else {})}
    return descriptor(media.OCI_MANIFEST, Digest.of(platform.encode()), platform=named, **more)


def config(**changes: Any) -> dict[str, Any]:
    """An image config of two layers."""
    document = {
        "created": "2024-05-01T12:00:00.5Z",
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": list(LAYER_DIGESTS)},
        **changes,
    }
    return {key: value for key, value in document.items() if value is not None}


def dump(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()
