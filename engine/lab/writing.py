"""Writing images into a directory that a registry serves: layers, config, manifest, name."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from engine.lab.archive import WRITTEN, LayerArchive
from engine.oci import Digest, media
from engine.oci.platform import Platform
from engine.registry import RegistryDirectory
from engine.store.atomic import sync_directory

_CREATED = datetime.fromtimestamp(WRITTEN, UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer whose blob is written.

    :param size: bytes of the blob. :param instruction: what made it, for people.
    """

    digest: Digest
    size: int
    diff_id: Digest
    instruction: str


@dataclass(frozen=True, slots=True)
class Image:
    """One image: its name in the registry, its layers from the base up, and how it runs."""

    name: str
    tag: str
    layers: tuple[Layer, ...]
    run: Mapping[str, object]


@contextlib.contextmanager
def whole(final: Path) -> Iterator[Path]:
    """A directory that becomes `final` at the end, or is gone; nobody else may be at it meanwhile.

    What an interrupted making left beside it is removed.
    """
    final.parent.mkdir(mode=0o700, exist_ok=True)
    for stale in final.parent.glob("draft-*"):
        shutil.rmtree(stale, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=final.parent))
    try:
        yield draft
        draft.rename(final)
        sync_directory(final.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def add_layer(directory: RegistryDirectory, archive: LayerArchive, instruction: str) -> Layer:
    """Write a layer, once where images share it."""
    digest = _written(directory, archive.data, media.OCI_LAYER_GZIP)
    return Layer(digest, len(archive.data), archive.diff_id, instruction)


def add_image(directory: RegistryDirectory, image: Image) -> None:
    """Write an image of layers that are there."""
    config = _json(_config(image))
    manifest = {
        "schemaVersion": 2,
        "mediaType": media.OCI_MANIFEST,
        "config": _described(_written(directory, config, media.OCI_CONFIG), len(config), media.OCI_CONFIG),
        "layers": [_described(layer.digest, layer.size, media.OCI_LAYER_GZIP) for layer in image.layers],
    }
    directory.add_manifest(image.name, image.tag, _json(manifest), media.OCI_MANIFEST)


def _written(directory: RegistryDirectory, data: bytes, media_type: str) -> Digest:
    digest = Digest.of(data)
    if not directory.blob(digest).exists():
        directory.add_blob(data, media_type)
    return digest


def _described(digest: Digest, size: int, media_type: str) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest, "size": size}


def _config(image: Image) -> dict[str, object]:
    here = Platform.host()
    history: list[dict[str, object]] = [
        {"created": _CREATED, "created_by": layer.instruction, "comment": "lamina lab"}
        for layer in image.layers
    ]
    command = image.run.get("Cmd")
    history.append({"created": _CREATED, "created_by": f"CMD {json.dumps(command)}", "empty_layer": True})
    return {
        "created": _CREATED,
        "author": "lamina lab",
        "architecture": here.architecture,
        "os": here.os,
        **({"variant": here.variant} if here.variant else {}),
        "config": dict(image.run),
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in image.layers]},
        "history": history,
    }


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
