"""Finding control groups, on recorded tables of mounts over real directories."""

from pathlib import Path

import pytest

from engine.linux.cgroups import Cgroups, find_cgroups

_V1 = ("cpu,cpuacct", "memory", "pids", "devices", "freezer", "blkio", "cpuset", "hugetlb", "perf_event")


def _mount(path: str, kind: str, super_options: str, options: str = "rw,nosuid,nodev,noexec,relatime") -> str:
    return f"31 23 0:28 / {path} {options} shared:5 - {kind} {kind} {super_options}"


def _record(root: Path, lines: list[str], controllers: str = "") -> Cgroups:
    for line in lines:
        place = root / line.split()[4].lstrip("/").replace("\\040", " ")
        place.mkdir(parents=True, exist_ok=True)
        if " - cgroup2 " in line:
            (place / "cgroup.controllers").write_text(controllers + "\n")
    table = root / "mountinfo"
    table.write_text("\n".join(["22 27 0:21 / /proc rw - proc proc rw", *lines]) + "\n")
    return find_cgroups(table, root)


def _systemd_v1() -> list[str]:
    lines = [_mount(f"/sys/fs/cgroup/{names}", "cgroup", f"rw,{names}") for names in _V1]
    return [*lines, _mount("/sys/fs/cgroup/systemd", "cgroup", "rw,xattr,release_agent=/x,name=systemd")]


def test_version_2_alone(tmp_path: Path) -> None:
    found = _record(
        tmp_path, [_mount("/sys/fs/cgroup", "cgroup2", "rw,nsdelegate")], "cpuset cpu io memory pids"
    )
    assert found.mode == "v2"
    (hierarchy,) = found.hierarchies
    assert (hierarchy.path, hierarchy.version) == (tmp_path / "sys/fs/cgroup", 2)
    assert found.of("memory") is hierarchy
    assert found.of("devices") is None


def test_version_1_with_controllers_mounted_together(tmp_path: Path) -> None:
    found = _record(tmp_path, _systemd_v1())
    assert found.mode == "v1"
    together = found.of("cpuacct")
    assert together is not None
    assert together.controllers == ("cpu", "cpuacct")
    names = found.of("name=systemd")
    assert names is not None
    assert names.controllers == ("name=systemd",)


def test_both_side_by_side(tmp_path: Path) -> None:
    unified = _mount("/sys/fs/cgroup/unified", "cgroup2", "rw,nsdelegate")
    assert _record(tmp_path, [*_systemd_v1(), unified]).mode == "hybrid"


def test_trees_that_cannot_be_written_are_not_counted(tmp_path: Path) -> None:
    line = _mount("/sys/fs/cgroup", "cgroup2", "rw", options="ro,nosuid,nodev,noexec,relatime")
    assert _record(tmp_path, [line], "memory").mode == "none"


def test_a_tree_mounted_twice_counts_once(tmp_path: Path) -> None:
    lines = [_mount("/sys/fs/cgroup/pids", "cgroup", "rw,pids"), _mount("/mnt/again", "cgroup", "rw,pids")]
    found = _record(tmp_path, lines)
    assert [hierarchy.path for hierarchy in found.hierarchies] == [tmp_path / "sys/fs/cgroup/pids"]


def test_a_place_with_a_space_is_found(tmp_path: Path) -> None:
    found = _record(tmp_path, [_mount("/sys/fs/c\\040g", "cgroup", "rw,pids")])
    assert found.hierarchies[0].path == tmp_path / "sys/fs/c g"


@pytest.mark.parametrize("line", ["", "x", " - cgroup", "31 23 0:28 / /gone rw - cgroup cgroup rw,pids"])
def test_lines_that_say_nothing_are_passed_over(tmp_path: Path, line: str) -> None:
    (tmp_path / "mountinfo").write_text(line + "\n")
    assert find_cgroups(tmp_path / "mountinfo", tmp_path).mode == "none"
