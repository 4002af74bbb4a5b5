"""Options of `run` that few need, by commands: each has its effect, or is refused with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.linux.cgroups import find_cgroups
from tests.support.command import Lamina
from tests.support.house import lab_house

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

_CGROUPS = find_cgroups()


@pytest.fixture(scope="module")
def house() -> Iterator[Lamina]:
    """A store with the lab's base image."""
    with lab_house() as lamina:
        yield lamina


def _version(controller: str) -> int:
    hierarchy = _CGROUPS.of(controller)
    if hierarchy is None:
        pytest.skip(f"no control group for {controller} here")
    return hierarchy.version


def _read(house: Lamina, *words: str, files: tuple[str, ...]) -> list[str]:
    return house("run", "--rm", *words, "lab/base", "cat", *files).ok().out.splitlines()


def test_processor_time_by_period_and_quota(house: Lamina) -> None:
    words = ("--cpu-period", "50000", "--cpu-quota", "20000")
    if _version("cpu") == 2:
        assert _read(house, *words, files=("/sys/fs/cgroup/cpu.max",)) == ["20000 50000"]
        return
    files = ("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us")
    assert _read(house, *words, files=files) == ["50000", "20000"]


def test_period_and_quota_are_changed_while_it_runs(house: Lamina) -> None:
    version = _version("cpu")
    name = house("run", "-d", "--cpus", "0.5", "lab/base", "sleep", "1000").ok().out.strip()
    refused = house("update", "--cpu-quota", "20000", name)
    house("update", "--cpus", "0", "--cpu-quota", "20000", name).ok()
    file = "cpu.max" if version == 2 else "cpu/cpu.cfs_quota_us"
    found = house("exec", name, "cat", f"/sys/fs/cgroup/{file}").ok().out.split()[0]
    house("rm", "-f", name).ok()
    assert (refused.code, "exclude each other" in refused.err, found) == (1, True, "20000")


def test_swapping_and_killing_for_memory(house: Lamina) -> None:
    words = ("-m", "64m", "--memory-swappiness", "10", "--oom-kill-disable")
    if _version("memory") == 2:
        assert "control groups of version 2" in house("run", *words, "lab/base", "true").err
        return
    files = ("/sys/fs/cgroup/memory/memory.swappiness", "/sys/fs/cgroup/memory/memory.oom_control")
    assert _read(house, *words, files=files)[:2] == ["10", "oom_kill_disable 1"]


def test_its_score_is_that_of_the_program_and_of_what_is_run_beside_it(house: Lamina) -> None:
    name = house("run", "-d", "--oom-score-adj", "321", "lab/base", "sleep", "1000").ok().out.strip()
    scores = house("exec", name, "cat", "/proc/1/oom_score_adj", "/proc/self/oom_score_adj").ok().out.split()
    shown = house("inspect", name).json()[0]["HostConfig"]["OomScoreAdj"]
    house("rm", "-f", name).ok()
    assert (scores, shown) == (["321", "321"], 321)


def test_a_monitor_keeps_its_own_score(house: Lamina) -> None:
    mine = Path("/proc/self/oom_score_adj").read_text().strip()
    assert _read(house, "--oom-score-adj", "500", files=("/proc/self/oom_score_adj",)) == ["500"]
    assert _read(house, files=("/proc/self/oom_score_adj",)) == [mine]


def test_notes_from_files_and_annotations(house: Lamina, tmp_path: Path) -> None:
    (tmp_path / "labels").write_text("# who\na=1\nb=2\n\nalone\n")
    words = ("--label-file", f"{tmp_path}/labels", "-l", "b=3", "--annotation", "x=y", "-q")
    name = house("create", *words, "lab/base", "true").ok().out.strip()
    found = house("inspect", name).json()[0]
    house("rm", name).ok()
    assert found["Config"]["Labels"].items() >= {"a": "1", "b": "3", "alone": ""}.items()
    assert found["HostConfig"]["Annotations"] == {"x": "y"}


def test_exposed_ports_are_published_on_request(house: Lamina) -> None:
    words = ("--network", "none", "--expose", "80", "--expose", "90-91/udp")
    name = house("create", *words, "lab/base", "true").ok().out.strip()
    found = house("inspect", name).json()[0]["Config"]["ExposedPorts"]
    house("rm", name).ok()
    assert found.keys() >= {"80/tcp", "90/udp", "91/udp"}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--cpu-period", "1"), "--cpu-period is from 1000"),
        (("--cpu-quota", "5"), "--cpu-quota is at least 1000"),
        (("--cpus", "1", "--cpu-quota", "5000"), "exclude each other"),
        (("--memory-swappiness", "101"), "--memory-swappiness is from 0 to 100"),
        (("--oom-kill-disable",), "--oom-kill-disable wants --memory"),
        (("--oom-score-adj", "1001"), "--oom-score-adj is from -1000 to 1000"),
        (("--expose", "1:2"), "--expose '1:2' is not"),
        (("--expose", "http"), "--expose 'http' is not"),
        (("--label-file", "/nowhere/at/all"), "--label-file /nowhere/at/all: there is no such file"),
        (("--annotation", "=x"), "--annotation '=x' has no name"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(house: Lamina, words: tuple[str, ...], reason: str) -> None:
    finished = house("create", *words, "lab/base", "true")
    assert (finished.code != 0, reason in finished.err) == (True, True), finished.err
