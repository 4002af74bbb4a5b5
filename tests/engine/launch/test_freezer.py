"""Processes held and let go, in control groups of either version."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.launch.cgroups import Group, clear, remove
from engine.launch.freezer import freezer_of, hold, is_held
from engine.linux.cgroups import find_cgroups
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


@pytest.fixture(params=[1, 2])
def group(request: pytest.FixtureRequest) -> Iterator[Group]:
    """A group that can hold processes, of one version."""
    version: int = request.param
    for hierarchy in find_cgroups().hierarchies:
        if hierarchy.version == version and (version == 2 or "freezer" in hierarchy.controllers):
            path = hierarchy.path / "lamina-test" / f"freezer{os.getpid()}"
            path.mkdir(parents=True)
            yield Group(str(path), version, list(hierarchy.controllers), [], [])
            remove([str(path)])
            return
    pytest.skip(f"no group of version {version} here holds processes")


@pytest.fixture
def sleeper(group: Group) -> Iterator[subprocess.Popen[bytes]]:
    """A process in the group."""
    with subprocess.Popen(["sleep", "100"]) as process:
        (Path(group.path) / "cgroup.procs").write_text(str(process.pid))
        yield process
        process.kill()


def test_a_group_is_held_and_let_go(group: Group, sleeper: subprocess.Popen[bytes]) -> None:
    file = freezer_of([group])
    assert file
    assert not is_held(file)
    hold(file, True)
    assert eventually(lambda: is_held(file))
    hold(file, False)
    assert eventually(lambda: not is_held(file))
    assert sleeper.poll() is None


def test_what_is_held_is_killed_when_the_group_is_cleared(
    group: Group, sleeper: subprocess.Popen[bytes]
) -> None:
    hold(freezer_of([group]), True)
    assert eventually(lambda: is_held(freezer_of([group])))
    clear([group.path])
    assert sleeper.wait(10) == -signal.SIGKILL


def test_a_group_that_is_gone_holds_nothing() -> None:
    assert not is_held("/sys/fs/cgroup/nothing/cgroup.freeze")


def test_without_a_freezer_there_is_no_file(tmp_path: Path) -> None:
    assert freezer_of([Group(str(tmp_path), 2, [], [], [])]) == ""
