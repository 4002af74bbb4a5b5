"""Finding control groups, on recorded tables of mounts over real directories."""

import os
import pickle
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.linux.cgroups import Cgroups, find_cgroups

_USER = 12345
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


def _as_user(look: Callable[[], Cgroups]) -> Cgroups:
    """What an ordinary user finds, who has no rights but those of his number."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(_USER, _USER, _USER)
            os.setresuid(_USER, _USER, _USER)
            os.write(write, pickle.dumps(look()))
        finally:
            os._exit(0)
    os.close(write)
    with open(read, "rb") as pipe:
        found = pickle.loads(pipe.read())
    os.waitpid(child, 0)
    assert isinstance(found, Cgroups)
    return found


def _delegate(root: Path, owned: str, own: str) -> Cgroups:
    """What a user in the group `own` finds in a tree of version 2 of which `owned` and all below is his."""
    top = root / "sys/fs/cgroup"
    for path in (owned, own):
        (top / path).mkdir(parents=True, exist_ok=True)
    for group in (top, *(path for path in top.rglob("*") if path.is_dir())):
        for name, text in (("cgroup.procs", ""), ("cgroup.controllers", "cpu memory pids\n")):
            (group / name).write_text(text, "ascii")
        if group.is_relative_to(top / owned):
            for each in (group, *group.glob("cgroup.*")):
                os.chown(each, _USER, _USER)
    table, groups = root / "mountinfo", root / "own"
    table.write_text(_mount("/sys/fs/cgroup", "cgroup2", "rw,nsdelegate") + "\n", "ascii")
    groups.write_text(f"0::/{own}\n", "ascii")
    return _as_user(lambda: find_cgroups(table, root, groups))


@pytest.fixture
def open_place(requires_root: None) -> Iterator[Path]:
    """A directory that everybody may look into, unlike those of `tmp_path`."""
    with tempfile.TemporaryDirectory(prefix="lm-", dir="/var/tmp") as place:
        os.chmod(place, 0o755)
        yield Path(place)


def test_users_part_of_version_2_is_the_topmost_that_his_service_manager_was_given(open_place: Path) -> None:
    service = "user.slice/user-1000.slice/user@1000.service"
    found = _delegate(open_place, service, f"{service}/app.slice/run-1.scope")
    assert found.mode == "v2"
    (hierarchy,) = found.hierarchies
    assert hierarchy.path == open_place / "sys/fs/cgroup" / service
    assert hierarchy.name == "cgroup"
    assert found.of("memory") is hierarchy


def test_user_whose_session_was_given_no_part_has_no_groups(open_place: Path) -> None:
    service = "user.slice/user-1000.slice/user@1000.service"
    found = _delegate(open_place, service, "user.slice/user-1000.slice/session-1.scope")
    assert found.mode == "none"
