"""The layer of lab/python: the interpreter that runs the engine, with what it needs of its library."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from engine.lab.archive import File, Symlink, Tree
from engine.lab.programs import Needs, library_tree, needs

# Tests, development files and graphics, which no container of the lab uses; caches differ by run.
_LEFT_OUT = frozenset({
    "__pycache__", "site-packages", "dist-packages", "test", "tests", "idlelib", "tkinter", "turtledemo",
    "lib2to3", "ensurepip", "distutils", "pydoc_data", "msilib",
})  # fmt: skip
_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
_HOME = PurePosixPath("usr/local")  # the interpreter finds its library from where it stands itself


def python_tree(below: Tree) -> Tree:
    """Everything in the layer of lab/python that `below` has not.

    Works for an interpreter of the distribution, of pyenv, and inside a virtual environment: what is
    taken is the interpreter behind it and its standard library.
    """
    library = Path(sysconfig.get_path("stdlib", vars={"base": sys.base_prefix}))
    program = _interpreter()
    modules = list(_library(library))
    extensions = [module for module in modules if module.suffix == ".so"]
    wanted = needs([program, *extensions])
    broken = {path for path, need in wanted.items() if need.missing}
    tree: Tree = {
        _HOME / "bin" / f"python{_VERSION}": File(program, 0o755),
        _HOME / "bin" / "python3": Symlink(f"python{_VERSION}"),
        _HOME / "bin" / "python": Symlink("python3"),
    }
    for module in modules:
        if module not in broken:
            place = _HOME / "lib" / f"python{_VERSION}" / module.relative_to(library)
            tree[place] = File(module.resolve(), 0o755 if module.suffix == ".so" else 0o644)
    used: list[Needs] = [need for path, need in wanted.items() if path not in broken]
    tree |= library_tree(used)
    return {path: node for path, node in tree.items() if path not in below}


def _interpreter() -> Path:
    base = getattr(sys, "_base_executable", None) or sys.executable
    return Path(base).resolve()


def _library(root: Path) -> Iterator[Path]:
    for directory, subdirectories, names in os.walk(root):
        subdirectories[:] = [
            name for name in subdirectories if name not in _LEFT_OUT and not name.startswith("config-")
        ]
        for name in names:
            if not name.endswith((".a", ".exe", ".pyc")) and not name.startswith(
                ("_test", "_tkinter", "_ctypes_test")
            ):
                path = Path(directory, name)
                if path.is_file():
                    yield path
