"""What is written to control groups of either version."""

from pathlib import Path

import pytest

from engine.errors import NotSupported
from engine.launch.cgroups import Group, Setting, make, out_of_memory_kills
from engine.launch.messages import Failure
from engine.linux.cgroups import Cgroups, Hierarchy
from engine.runtime.devices import DEFAULT_RULES
from engine.runtime.groups import plan_groups
from engine.runtime.isolation import Resources

V2 = Cgroups((Hierarchy(Path("/cg"), 2, ("cpuset", "cpu", "io", "memory", "hugetlb", "pids")),))
V1 = Cgroups(
    tuple(
        Hierarchy(Path("/cg") / ",".join(names), 1, names)
        for names in (("blkio",), ("cpu", "cpuacct"), ("cpuset",), ("devices",), ("memory",), ("pids",))
    )
)
HYBRID = Cgroups((*V1.hierarchies, Hierarchy(Path("/cg/unified"), 2, ())))
MIB = 1 << 20


def _written(cgroups: Cgroups, resources: Resources) -> dict[str, str]:
    groups = plan_groups(cgroups, "abc", resources, None)
    return {setting.file: setting.value for group in groups for setting in group.settings}


@pytest.mark.parametrize(
    ("resources", "first", "second"),
    [
        (Resources(), {}, {}),
        (
            Resources(memory=64 * MIB),
            {"memory.limit_in_bytes": "67108864", "memory.memsw.limit_in_bytes": "134217728"},
            {"memory.max": "67108864", "memory.swap.max": "67108864"},
        ),
        (
            Resources(memory=64 * MIB, memory_swap=64 * MIB),
            {"memory.limit_in_bytes": "67108864", "memory.memsw.limit_in_bytes": "67108864"},
            {"memory.max": "67108864", "memory.swap.max": "0"},
        ),
        (
            Resources(memory=64 * MIB, memory_swap=-1),
            {"memory.limit_in_bytes": "67108864", "memory.memsw.limit_in_bytes": "-1"},
            {"memory.max": "67108864", "memory.swap.max": "max"},
        ),
        (
            Resources(nano_cpus=1_500_000_000),
            {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "150000"},
            {"cpu.max": "150000 100000"},
        ),
        (Resources(cpu_shares=1024), {"cpu.shares": "1024"}, {"cpu.weight": "39"}),
        (Resources(cpu_shares=2), {"cpu.shares": "2"}, {"cpu.weight": "1"}),
        (Resources(cpu_shares=262144), {"cpu.shares": "262144"}, {"cpu.weight": "10000"}),
        (Resources(blkio_weight=1000), {"blkio.weight": "1000"}, {"io.weight": "10000"}),
        (Resources(cpuset_cpus="0-1", pids=-1), {"cpuset.cpus": "0-1", "pids.max": "max"},
         {"cpuset.cpus": "0-1", "pids.max": "max"}),
    ],
)  # fmt: skip
def test_a_limit_in_the_words_of_each_version(
    resources: Resources, first: dict[str, str], second: dict[str, str]
) -> None:
    assert _written(V1, resources) == first
    assert _written(HYBRID, resources) == first
    assert _written(V2, resources) == second


def test_a_limit_without_its_controller_is_refused_by_name() -> None:
    with pytest.raises(NotSupported, match="--pids-limit"):
        plan_groups(Cgroups(V2.hierarchies[:0]), "abc", Resources(pids=3), None)
    with pytest.raises(NotSupported, match="--memory"):
        plan_groups(Cgroups(V1.hierarchies[:1]), "abc", Resources(memory=64 * MIB), None)


def test_devices_are_denied_first_and_then_allowed_one_by_one() -> None:
    (group,) = (group for group in plan_groups(V1, "abc", Resources(), DEFAULT_RULES) if group.settings)
    assert group.path == "/cg/devices/lamina/abc"
    assert [(setting.file, setting.value) for setting in group.settings[:3]] == [
        ("devices.deny", "a"), ("devices.allow", "c *:* m"), ("devices.allow", "b *:* m"),
    ]  # fmt: skip
    assert len(group.settings) == 1 + len(DEFAULT_RULES)


def test_what_is_shown_inside() -> None:
    assert [group.shown for group in plan_groups(V2, "abc", Resources(), None)] == [[""]]
    shown = {tuple(group.shown) for group in plan_groups(HYBRID, "abc", Resources(), None)}
    assert ("cpu,cpuacct", "cpu", "cpuacct") in shown
    assert ("memory",) in shown
    assert () in shown  # the unified tree, beside the others


def _tree(tmp_path: Path, *files: str) -> str:
    """A directory that behaves as a group already made: its files are there."""
    group = tmp_path / "lamina" / "abc"
    group.mkdir(parents=True)
    for name in files:
        (group / name).touch()
    return str(group)


def test_settings_are_written_in_order(tmp_path: Path) -> None:
    path = _tree(tmp_path, "memory.max", "pids.max")
    make([Group(path, 2, [], [], [Setting("memory.max", "1", ""), Setting("pids.max", "7", "")])])
    assert Path(path, "memory.max").read_text() == "1"
    assert Path(path, "pids.max").read_text() == "7"


def test_a_file_that_the_kernel_lacks_names_its_option(tmp_path: Path) -> None:
    path = _tree(tmp_path)
    with pytest.raises(Failure, match=r"--blkio-weight: this kernel has no io\.weight"):
        make([Group(path, 2, [], [], [Setting("io.weight", "1", "--blkio-weight")])])
    make([Group(path, 2, [], [], [Setting("memory.swap.max", "1", "--memory-swap", optional=True)])])


@pytest.mark.parametrize(
    ("version", "name", "text", "killed"),
    [
        (2, "memory.events", "low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\noom_group_kill 0\n", True),
        (2, "memory.events", "low 0\nhigh 0\nmax 3\noom 0\noom_kill 0\n", False),
        (1, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", True),
        (1, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n", False),
        (2, "memory.events", "what is this", False),
    ],
)
def test_out_of_memory_kills_are_found(
    tmp_path: Path, version: int, name: str, text: str, killed: bool
) -> None:
    (tmp_path / name).write_text(text)
    assert bool(out_of_memory_kills([Group(str(tmp_path), version, [], [], [])])) is killed
