"""Modules of ours that are found without a search are what Python itself would have imported."""

from __future__ import annotations

import importlib.util
import os
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.importing import Finder

_HELLO = "ANSWER = 1\n\n\ndef where(): ...\n"
_REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A directory that stands for the engine's, with a module and a package, both cached."""
    (tmp_path / "inner").mkdir()
    for source in (tmp_path / "hello.py", tmp_path / "inner/__init__.py"):
        source.write_text(_HELLO)
        py_compile.compile(str(source), doraise=True)
    return tmp_path


def _answer(package: Path, name: str = "hello") -> object:
    """What a module says that is found without a search; None where that is left to Python."""
    spec = Finder.find_spec(f"engine.{name}", [str(package)])
    if spec is None:
        return None
    module = importlib.util.module_from_spec(spec)
    assert spec.loader is not None
    spec.loader.exec_module(module)
    return module.ANSWER


def test_a_cached_module_is_found_with_all_that_python_gives_it(package: Path) -> None:
    own = Finder.find_spec("engine.hello", [str(package)])
    usual = importlib.util.spec_from_file_location("engine.hello", package / "hello.py")
    assert own is not None
    assert usual is not None
    names = ("name", "origin", "cached", "has_location", "parent", "submodule_search_locations")
    assert [getattr(own, name) for name in names] == [getattr(usual, name) for name in names]
    assert _answer(package) == 1


def test_a_cached_package_is_found(package: Path) -> None:
    spec = Finder.find_spec("engine.inner", [str(package)])
    assert spec is not None
    assert (spec.submodule_search_locations, spec.parent) == ([str(package / "inner")], "engine.inner")
    assert _answer(package, "inner") == 1


def test_modules_of_others_are_left_to_python(package: Path) -> None:
    assert Finder.find_spec("hello", [str(package)]) is None
    assert Finder.find_spec("engine", None) is None
    assert Finder.find_spec("engine.nothing", [str(package)]) is None


def test_a_source_that_changed_is_left_to_python(package: Path) -> None:
    source = package / "hello.py"
    status = source.stat()
    source.write_text(_HELLO.replace("1", "2"))  # as long as before
    os.utime(source, (status.st_atime, status.st_mtime + 2))
    assert _answer(package) is None
    source.write_text(_HELLO.replace("1", "1000"))
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert _answer(package) is None


def test_code_that_is_not_checked_by_time_is_left_to_python(package: Path) -> None:
    py_compile.compile(
        str(package / "hello.py"),
        doraise=True,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    assert _answer(package) is None


@pytest.mark.parametrize("kept", [0, 7, 15])
def test_a_cache_that_was_cut_is_left_to_python(package: Path, kept: int) -> None:
    cached = Path(importlib.util.cache_from_source(str(package / "hello.py")))
    cached.write_bytes(cached.read_bytes()[:kept])
    assert _answer(package) is None


def test_code_says_where_its_source_is_now(package: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    moved = tmp_path_factory.mktemp("moved") / "package"
    shutil.copytree(package, moved, copy_function=shutil.copy2)
    spec = Finder.find_spec("engine.hello", [str(moved)])
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    assert spec.loader is not None
    spec.loader.exec_module(module)
    assert module.where.__code__.co_filename == str(moved / "hello.py")


def test_no_module_of_ours_has_the_name_of_a_package_beside_it() -> None:
    sources = [path for room in ("engine", "tui") for path in (_REPOSITORY / room).rglob("*.py")]
    assert [path for path in sources if path.with_suffix("").is_dir()] == []


def test_a_command_without_any_cache_works(tmp_path: Path) -> None:
    shutil.copytree(_REPOSITORY / "engine", tmp_path / "engine", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [sys.executable, "-B", "-m", "engine.cli", "version"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.rglob("__pycache__")) == []


@pytest.mark.parametrize("options", [("-O",), ("-X", "pycache_prefix=/var/tmp/nowhere")])
def test_python_is_left_alone_where_its_caches_lie_elsewhere(options: tuple[str, ...]) -> None:
    program = "from engine.cli.importing import *; import sys; quicken(); print(Finder in sys.meta_path)"
    done = subprocess.run(
        [sys.executable, "-B", *options, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout == "False\n"
