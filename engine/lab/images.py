"""The sample images: three layers of this host, in four images that share them.

    lab/base:latest      base
    lab/python:latest    base, interpreter
    lab/web:1            base, interpreter, application 1
    lab/web:2            base, interpreter, application 2

The same host gives the same digests.
"""

from __future__ import annotations

import json
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from engine.lab.archive import WRITTEN, File, LayerArchive, Tree, write_layer
from engine.lab.base import base_tree
from engine.lab.interpreter import python_tree
from engine.lab.models import LabImage, LabProgress
from engine.oci import Digest, media
from engine.oci.platform import Platform
from engine.registry import RegistryDirectory
from engine.store.atomic import sync_directory

RECIPE = 1  # part of the directory's name: another recipe makes new images
_APPLICATION = PurePosixPath("srv/web")
_CREATED = datetime.fromtimestamp(WRITTEN, UTC).isoformat().replace("+00:00", "Z")
_PATH = "PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"
_STEPS = 4

Tell = Callable[[LabProgress], None]


@dataclass(frozen=True, slots=True)
class _Layer:
    """A layer of the lab: where its blob is described, and the instruction that made it."""

    archive: LayerArchive
    instruction: str


@dataclass(frozen=True, slots=True)
class _Image:
    """One image: its name in the registry, its layers from the base up, and how it runs."""

    name: str
    tag: str
    layers: tuple[_Layer, ...]
    run: Mapping[str, object]


def images_directory(root: Path) -> Path:
    """Where the images of this recipe lie in a store."""
    return root / "lab" / f"images-{RECIPE}"


def make_images(root: Path, tell: Tell) -> Path:
    """Make the images where they are missing; whole or not at all.

    :param root: the store's directory.
    :returns: the directory to serve.
    :raises NotSupported: the host lacks what they are made of.
    :raises OSError: it cannot be read or written.
    """
    final = images_directory(root)
    if final.is_dir():
        return final
    final.parent.mkdir(mode=0o700, exist_ok=True)
    _sweep(final.parent)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=final.parent))
    try:
        directory = RegistryDirectory(draft)
        for image in _recipes(tell):
            _write_image(directory, image)
        draft.rename(final)
        sync_directory(final.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return final


def read_images(root: Path) -> tuple[LabImage, ...]:
    """What is made already."""
    final = images_directory(root)
    if not final.is_dir():
        return ()
    directory = RegistryDirectory(final)
    return tuple(
        _read_image(directory, name, tag) for name in directory.repositories() for tag in directory.tags(name)
    )


def _read_image(directory: RegistryDirectory, name: str, tag: str) -> LabImage:
    manifest = json.loads(directory.blob(directory.manifest(name, tag).digest).read_bytes())
    sizes = [layer["size"] for layer in manifest["layers"]]
    return LabImage(f"{name}:{tag}", sum(sizes), len(sizes))


def _sweep(parent: Path) -> None:
    """Remove what an interrupted making left; the lab's lock is held."""
    for stale in parent.glob("draft-*"):
        shutil.rmtree(stale, ignore_errors=True)


def _recipes(tell: Tell) -> Iterator[_Image]:
    def step(what: str, done: int) -> None:
        tell(LabProgress(what, done, _STEPS))

    step("lab/base: a shell and tools of this host", 0)
    base = base_tree()
    tools = _Layer(write_layer(base), "ADD a shell and tools of this host in /")
    yield _Image("lab/base", "latest", (tools,), {"Cmd": ["sh"], "Env": [_PATH]})

    version = platform.python_version()
    step(f"lab/python: Python {version} of this host", 1)
    interpreter = _Layer(write_layer(python_tree(base)), f"COPY Python {version} of this host in /usr/local")
    # No .pyc files: they would only grow the container's writable layer.
    env = [_PATH, f"PYTHON_VERSION={version}", "PYTHONDONTWRITEBYTECODE=1"]
    yield _Image("lab/python", "latest", (tools, interpreter), {"Cmd": ["python3"], "Env": env})

    for number in ("1", "2"):
        step(f"lab/web:{number}: a small HTTP server", 1 + int(number))
        application = _Layer(
            write_layer(_application(number)), f"COPY server.py version.txt (version {number}) /srv/web/"
        )
        yield _Image("lab/web", number, (tools, interpreter, application), _web_run(env))
    step("the sample images are made", _STEPS)


def _application(version: str) -> Tree:
    server = Path(__file__).with_name("web_server.py")
    return {
        _APPLICATION / "server.py": File(server.read_bytes()),
        _APPLICATION / "version.txt": File(f"{version}\n".encode()),
    }


def _web_run(env: list[str]) -> dict[str, object]:
    return {
        "Cmd": ["python3", f"/{_APPLICATION}/server.py"],
        "Env": [*env, "PORT=8000"],
        "WorkingDir": f"/{_APPLICATION}",
        "User": "nobody",
        "ExposedPorts": {"8000/tcp": {}},
        "StopSignal": "SIGTERM",
    }


def _write_image(directory: RegistryDirectory, image: _Image) -> None:
    layers = [_described(directory, layer.archive.data, media.OCI_LAYER_GZIP) for layer in image.layers]
    config = _described(directory, _json(_config(image)), media.OCI_CONFIG)
    manifest = {
        "schemaVersion": 2,
        "mediaType": media.OCI_MANIFEST,
        "config": config,
        "layers": layers,
    }
    directory.add_manifest(image.name, image.tag, _json(manifest), media.OCI_MANIFEST)


def _described(directory: RegistryDirectory, data: bytes, media_type: str) -> dict[str, object]:
    digest = Digest.of(data)
    # Layers that images share are written once.
    if not directory.blob(digest).exists():
        directory.add_blob(data, media_type)
    return {"mediaType": media_type, "digest": digest, "size": len(data)}


def _config(image: _Image) -> dict[str, object]:
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
        "rootfs": {"type": "layers", "diff_ids": [layer.archive.diff_id for layer in image.layers]},
        "history": history,
    }


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
