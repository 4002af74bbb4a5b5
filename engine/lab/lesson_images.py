"""The images that only lessons have, made of the sample images' layers beside them.

    lab/server:latest        base, interpreter, packages that can be installed there
    lab/bakery:latest        base, interpreter, libraries (prices 1), bakery
    lab/market:latest        base, interpreter, libraries (prices 2), market
    lab/charts:1 to 3        base, interpreter, dependencies, application N
    lab/charts:2-new-base    another base, interpreter, dependencies built anew, application 2
    lab/charts-swapped:1 to 3    base, application N, interpreter, dependencies built anew for each

A layer that is copied is the same wherever it is copied to. One that a program writes is another at each
build, as with any builder that does not set the time back: its files bear the moment.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from engine.lab.archive import WRITTEN, File, Tree, read_layer, write_layer
from engine.lab.images import RECIPE, Tell, make_images
from engine.lab.writing import Image, Layer, add_image, add_layer, whole
from engine.oci import Digest
from engine.registry import RegistryDirectory

LESSONS = 1  # as RECIPE, for the images of lessons
RELEASES = ("1", "2", "3")
_SAMPLES = Path(__file__).with_name("samples")
_STORE = _SAMPLES / "shops"  # applications and libraries as a system's packages
_LIBRARY, _PACKAGES, _CHARTS = (PurePosixPath("srv", name) for name in ("library", "packages", "charts"))
_PROGRAMS = PurePosixPath("usr/local/bin")
_SHOPS = ("bakery", "market")
_DAY = 86_400
# Of the interpreter's library what an application could have as dependencies: pure Python, of some weight.
_DEPENDENCIES = ("asyncio", "email", "http", "logging", "statistics.py", "unittest", "urllib", "xml")


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the images are made of."""

    directory: RegistryDirectory
    base: Layer
    interpreter: Layer
    env: list[str]

    def tree(self, layer: Layer) -> Tree:
        return read_layer(self.directory.blob(layer.digest).read_bytes())

    def layer(self, tree: Tree, instruction: str, build: int = 0) -> Layer:
        """A layer; of another build another one."""
        return add_layer(self.directory, write_layer(tree, WRITTEN + build * _DAY), instruction)


def make_lesson_images(root: Path, tell: Tell) -> Path:
    """Make the sample images and those of lessons where they are missing; whole or not at all.

    :param root: the store's directory. :returns: the directory to serve, with both.
    :raises NotSupported: the host lacks what they are made of.
    :raises OSError: it cannot be read or written.
    """
    samples = make_images(root, tell)
    final = root / "lab" / f"lesson-images-{RECIPE}-{LESSONS}"
    if not final.is_dir():
        with whole(final) as draft:
            directory = RegistryDirectory(draft)
            _take_over(RegistryDirectory(samples), directory)
            parts = _parts(directory)
            _shops(parts)
            _charts(parts)
    return final


def _take_over(source: RegistryDirectory, target: RegistryDirectory) -> None:
    """Serve what another directory serves, its blobs kept once."""
    for name in source.repositories():
        for tag in source.tags(name):
            descriptor = source.manifest(name, tag)
            raw = source.blob(descriptor.digest).read_bytes()
            document = json.loads(raw)
            for digest in (Digest(each["digest"]) for each in (document["config"], *document["layers"])):
                if not target.blob(digest).exists():
                    os.link(source.blob(digest), target.blob(digest))
            target.add_manifest(name, tag, raw, descriptor.media_type)


def _parts(directory: RegistryDirectory) -> _Parts:
    raw = directory.blob(directory.manifest("lab/python", "latest").digest).read_bytes()
    manifest = json.loads(raw)
    config = json.loads(directory.blob(Digest(manifest["config"]["digest"])).read_bytes())
    base, interpreter = (
        Layer(Digest(each["digest"]), each["size"], Digest(diff_id), made["created_by"])
        for each, diff_id, made in zip(
            manifest["layers"], config["rootfs"]["diff_ids"], config["history"], strict=False
        )  # the history has a line more: the command
    )
    return _Parts(directory, base, interpreter, config["config"]["Env"])


def _shops(parts: _Parts) -> None:
    below, env = (parts.base, parts.interpreter), [*parts.env, f"PYTHONPATH=/{_LIBRARY}"]
    packages: Tree = {_PACKAGES / path.name: File(path.read_bytes(), 0o755) for path in _STORE.iterdir()}
    packages[_PROGRAMS / "install-package"] = packages.pop(_PACKAGES / "install-package")
    server = parts.layer(packages, f"COPY packages /{_PACKAGES}/")
    add_image(parts.directory, Image("lab/server", "latest", (*below, server), {"Cmd": ["sh"], "Env": env}))
    for name in _SHOPS:
        needs = (_STORE / f"{name}.needs").read_text("ascii").split()
        libraries: Tree = {
            _LIBRARY / f"{need.rpartition('-')[0]}.py": File((_STORE / need).read_bytes()) for need in needs
        }
        shop: Tree = {_PROGRAMS / name: File((_STORE / name).read_bytes(), 0o755)}
        layers = (
            parts.layer(libraries, f"COPY {' '.join(needs)} /{_LIBRARY}/"),
            parts.layer(shop, f"COPY {name} /{_PROGRAMS}/"),
        )
        run = {"Cmd": [name, "serve"], "Env": env, "User": "nobody", "ExposedPorts": {"8000/tcp": {}}}
        add_image(parts.directory, Image(f"lab/{name}", "latest", (*below, *layers), run))


def _charts(parts: _Parts) -> None:
    run = {"Cmd": [f"/{_CHARTS}/charts"], "Env": parts.env}
    needed = _dependencies(parts.tree(parts.interpreter))

    def dependencies(build: int) -> Layer:
        return parts.layer(needed, "RUN install the dependencies of charts", build)

    def add(name: str, tag: str, *layers: Layer) -> None:
        add_image(parts.directory, Image(f"lab/{name}", tag, layers, run))

    first, other_base = dependencies(0), _other_base(parts)
    for build, release in enumerate(RELEASES, 1):
        application = parts.layer(_application(release), f"COPY charts (release {release}) /{_CHARTS}/")
        add("charts", release, parts.base, parts.interpreter, first, application)
        add("charts-swapped", release, parts.base, application, parts.interpreter, dependencies(build))
        if release == "2":
            add("charts", "2-new-base", other_base, parts.interpreter, dependencies(-build), application)


def _application(release: str) -> Tree:
    return {
        _CHARTS / "charts": File((_SAMPLES / "charts").read_bytes(), 0o755),
        _CHARTS / "release.txt": File(f"{release}\n".encode()),
    }


def _dependencies(interpreter: Tree) -> Tree:
    found: Tree = {}
    for path, node in interpreter.items():
        # usr/local/lib/pythonX.Y/NAME…
        if path.suffix == ".py" and len(path.parts) > 4 and path.parts[4] in _DEPENDENCIES:
            found[_CHARTS / "dependencies" / PurePosixPath(*path.parts[4:])] = node
    return found


def _other_base(parts: _Parts) -> Layer:
    """The base with one small file of it changed, as after a fix."""
    tree, changed = parts.tree(parts.base), PurePosixPath("etc/os-release")
    node = tree[changed]
    assert isinstance(node, File)
    assert isinstance(node.source, bytes)
    tree[changed] = File(node.source + b'VERSION_ID="2"\n', node.mode)
    return parts.layer(tree, "ADD a shell and tools of this host in / (a file of it fixed)")
