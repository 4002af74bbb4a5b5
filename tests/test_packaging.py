"""What the wheel holds, and the pins that an installation stands on."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
import zipfile

import pytest

from tests.support.command import REPOSITORY


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """The wheel as pip builds it, without any network."""
    if importlib.util.find_spec("hatchling") is None or importlib.util.find_spec("pip") is None:
        pytest.skip("hatchling or pip is not installed in this environment")
    directory = tmp_path_factory.mktemp("wheel")
    words = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
    ]
    done = subprocess.run(
        [*words, "--wheel-dir", directory, REPOSITORY],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (built,) = directory.glob("lamina-*.whl")
    return zipfile.Path(built)


def names(wheel: zipfile.Path) -> list[str]:
    return wheel.root.namelist()


def test_the_wheel_holds_every_theme(wheel: zipfile.Path) -> None:
    themes = {f"tui/themes/{path.name}" for path in (REPOSITORY / "themes").glob("*.toml")}
    assert themes
    assert themes <= set(names(wheel))


def test_the_wheel_holds_every_file_of_the_packages(wheel: zipfile.Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "engine", "tui"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git work tree")
    kept = {name for name in listed.stdout.splitlines() if (REPOSITORY / name).exists()}
    assert kept <= set(names(wheel))


def test_the_wheel_holds_the_migrations_of_the_database(wheel: zipfile.Path) -> None:
    assert any(name.startswith("engine/store/migrations/") and name.endswith(".sql") for name in names(wheel))


def test_the_wheel_holds_nothing_else(wheel: zipfile.Path) -> None:
    tops = {name.partition("/")[0] for name in names(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"engine", "tui"}


def test_the_wheel_carries_the_licence(wheel: zipfile.Path) -> None:
    (licence,) = (name for name in names(wheel) if name.endswith("/LICENSE"))
    assert "Apache License" in (wheel.root.read(licence).decode())


def test_the_wheel_installs_the_command_lamina(wheel: zipfile.Path) -> None:
    (entries,) = (name for name in names(wheel) if name.endswith("/entry_points.txt"))
    assert "lamina = tui.entry:main" in wheel.root.read(entries).decode()


def test_the_entry_of_the_command_is_there() -> None:
    from tui.entry import main

    assert callable(main)


def test_every_dependency_is_pinned_to_one_version() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    pinned = {normal(line.partition("==")[0]) for line in constraints()}
    assert {normal(re.split(r"[<>=!~\[ ;]", text)[0]) for text in wanted} <= pinned


def test_the_pins_are_versions_and_nothing_else() -> None:
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9A-Za-z.+!]+", line) for line in constraints())


def constraints() -> list[str]:
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    return [line for line in lines if not line.startswith("#")]


def normal(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()
