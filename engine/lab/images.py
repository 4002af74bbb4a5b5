"""The sample images: three layers of this host, in four images that share them.

    lab/base:latest      base
    lab/python:latest    base, interpreter
    lab/web:1            base, interpreter, application 1
    lab/web:2            base, interpreter, application 2

The same host gives the same digests. Lessons have more: `engine.lab.lesson_images`.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from engine.lab.archive import File, Tree, write_layer
from engine.lab.base import base_tree
from engine.lab.interpreter import python_tree
from engine.lab.models import LabImage, LabProgress
from engine.lab.writing import Image, add_image, add_layer, whole
from engine.registry import RegistryDirectory

RECIPE = 1  # part of the directory's name: another recipe makes new images
_APPLICATION = PurePosixPath("srv/web")
_PATH = "PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"
_STEPS = 4

Tell = Callable[[LabProgress], None]


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
    if not final.is_dir():
        with whole(final) as draft:
            _fill(RegistryDirectory(draft), tell)
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


def python_environment(version: str) -> list[str]:
    """What programs in containers of the interpreter find in their environment."""
    # No .pyc files: they would only grow the container's writable layer.
    return [_PATH, f"PYTHON_VERSION={version}", "PYTHONDONTWRITEBYTECODE=1"]


def _read_image(directory: RegistryDirectory, name: str, tag: str) -> LabImage:
    manifest = json.loads(directory.blob(directory.manifest(name, tag).digest).read_bytes())
    sizes = [layer["size"] for layer in manifest["layers"]]
    return LabImage(f"{name}:{tag}", sum(sizes), len(sizes))


def _fill(directory: RegistryDirectory, tell: Tell) -> None:
    def step(what: str, done: int) -> None:
        tell(LabProgress(what, done, _STEPS))

    step("lab/base: a shell and tools of this host", 0)
    base = base_tree()
    tools = add_layer(directory, write_layer(base), "ADD a shell and tools of this host in /")
    add_image(directory, Image("lab/base", "latest", (tools,), {"Cmd": ["sh"], "Env": [_PATH]}))

    version = platform.python_version()
    step(f"lab/python: Python {version} of this host", 1)
    python = write_layer(python_tree(base))
    interpreter = add_layer(directory, python, f"COPY Python {version} of this host in /usr/local")
    env = python_environment(version)
    run = {"Cmd": ["python3"], "Env": env}
    add_image(directory, Image("lab/python", "latest", (tools, interpreter), run))

    for number in ("1", "2"):
        step(f"lab/web:{number}: a small HTTP server", 1 + int(number))
        application = add_layer(
            directory, write_layer(_application(number)),
            f"COPY server.py version.txt (version {number}) /srv/web/",
        )  # fmt: skip
        add_image(directory, Image("lab/web", number, (tools, interpreter, application), _web_run(env)))
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
