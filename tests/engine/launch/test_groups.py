"""Control groups of a container: limits that hold before the program starts, and nothing left at the end."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from engine.errors import LaunchError
from engine.launch.cgroups import Group, Setting, leaf_of
from engine.launch.messages import Stage
from engine.launch.walls import Node, Walls
from engine.linux.cgroups import find_cgroups
from engine.runtime.devices import DEFAULT_RULES, DeviceRule, as_program
from engine.runtime.groups import group_paths, plan_groups, remove_left_groups
from engine.runtime.isolation import Resources
from tests.engine.launch.sandbox import Sandbox, outcome

pytestmark = pytest.mark.system

CGROUPS = find_cgroups()
_NO_OPENING = "Operation not permitted"
TUNNEL = DeviceRule("c", 10, 200, "r")  # a device that anybody may open whom the filter lets
_needs_tunnel = pytest.mark.skipif(not os.path.exists("/dev/net/tun"), reason="the kernel has no tunnels")


@pytest.fixture
def grouped(box: Sandbox) -> Sandbox:
    """A container with the groups of this machine, and Docker's devices."""
    if CGROUPS.mode == "none":
        pytest.skip("no control group can be made here")
    return _with(box, Resources())


def _with(box: Sandbox, resources: Resources) -> Sandbox:
    box.walls = Walls(plan_groups(CGROUPS, _name(box), resources, DEFAULT_RULES))
    return box


def _name(box: Sandbox) -> str:
    return f"test-{os.getpid()}-{box.base.parent.name}"


def _needs(controller: str) -> None:
    if CGROUPS.of(controller) is None:
        pytest.skip(f"no control group for {controller} here")


def _existing(box: Sandbox) -> list[str]:
    return [path for path in group_paths(_name(box), CGROUPS) if Path(path).exists()]


def test_the_program_sees_itself_at_the_top_of_every_tree(grouped: Sandbox) -> None:
    lines = grouped.run("cat", "/proc/self/cgroup").out.split()
    outside = Path("/proc/self/cgroup").read_text().split()
    assert len(lines) == len(outside)
    assert {line.split(":", 2)[2] for line in lines} == {"/"}


def test_nothing_of_its_groups_can_be_written_inside(grouped: Sandbox) -> None:
    out = grouped.shell(
        "busybox find /sys/fs/cgroup -name cgroup.procs | while read f; do echo 0 > $f; done; echo done"
    )
    assert out.out == "done\n"


def test_its_groups_are_gone_when_it_has_ended(grouped: Sandbox) -> None:
    launched = grouped.start("sleep", "1000")
    assert len(_existing(grouped)) == len(CGROUPS.hierarchies)
    os.kill(launched.pid, signal.SIGKILL)
    assert launched.attachment is not None
    with launched.attachment:
        outcome(launched.attachment)
    assert _existing(grouped) == []


def test_its_groups_are_gone_when_it_never_ran(grouped: Sandbox) -> None:
    with pytest.raises(LaunchError):
        grouped.start("nowhere")
    assert _existing(grouped) == []


def test_what_a_killed_monitor_left_is_removed_by_who_finds_it(grouped: Sandbox) -> None:
    launched = grouped.start("sleep", "1000")
    assert launched.attachment is not None
    os.kill(grouped.state.monitor.pid, signal.SIGKILL)
    with launched.attachment:
        assert launched.attachment.recv(1) == b""
    remove_left_groups(_name(grouped))
    assert _existing(grouped) == []
    assert not grouped.state.init.alive


def test_memory_above_the_limit_is_an_out_of_memory_kill(box: Sandbox) -> None:
    _needs("memory")
    result = _with(box, Resources(memory=16 << 20)).shell(
        "dd if=/dev/zero of=/dev/null bs=64M count=1 2>/dev/null; exit $?"
    )
    assert result.code == 137
    assert '"out_of_memory":true' in (box.base / "state").read_text()
    assert '"oom"' in (box.base / "events.jsonl").read_text()


def test_processes_above_the_limit_cannot_be_made(box: Sandbox) -> None:
    _needs("pids")
    result = _with(box, Resources(pids=3)).shell("sleep 1 & sleep 1 & sleep 1 & sleep 1 & wait")
    assert "fork" in result.err


@pytest.mark.parametrize(
    ("resources", "controller", "names", "value"),
    [
        (Resources(nano_cpus=500_000_000), "cpu", ("cpu.cfs_quota_us", "cpu.max"), "50000"),
        (Resources(cpu_shares=512), "cpu", ("cpu.shares", "cpu.weight"), ("512", "20")),
        (Resources(cpuset_cpus="0"), "cpuset", ("cpuset.cpus", "cpuset.cpus"), "0"),
        (Resources(pids=77), "pids", ("pids.max", "pids.max"), "77"),
        (Resources(memory=32 << 20), "memory", ("memory.limit_in_bytes", "memory.max"), str(32 << 20)),
        (
            Resources(memory_reservation=16 << 20), "memory",
            ("memory.soft_limit_in_bytes", "memory.low"), str(16 << 20),
        ),
    ],
)  # fmt: skip
def test_a_limit_is_set_before_the_program_starts(
    box: Sandbox, resources: Resources, controller: str, names: tuple[str, str], value: str | tuple[str, str]
) -> None:
    _needs(controller)
    hierarchy = CGROUPS.of(controller)
    assert hierarchy is not None
    second = hierarchy.version == 2
    place = "/sys/fs/cgroup" if second else f"/sys/fs/cgroup/{hierarchy.path.name}"
    expected = value if isinstance(value, str) else value[second]
    found = _with(box, resources).run("cat", f"{place}/{names[second]}").out
    assert found.split()[0] == expected


def test_a_limit_that_the_kernel_refuses_is_named(grouped: Sandbox) -> None:
    _needs("cpuset")
    with pytest.raises(LaunchError, match="--cpuset-cpus") as caught:
        _with(grouped, Resources(cpuset_cpus="4000")).start("true")
    assert caught.value.stage == Stage.CGROUPS
    assert _existing(grouped) == []


def test_a_device_that_was_not_given_can_be_made_and_not_opened(grouped: Sandbox) -> None:
    result = grouped.shell("busybox mknod /tmp/kmsg c 1 11; cat /tmp/kmsg; echo x > /dev/null; echo fine")
    assert _NO_OPENING in result.err
    assert result.out == "fine\n"


@_needs_tunnel
def test_a_device_that_was_given_can_be_opened(box: Sandbox) -> None:
    rules = [*DEFAULT_RULES, TUNNEL]
    box.walls = Walls(
        plan_groups(CGROUPS, _name(box), Resources(), rules),
        nodes=[Node("/dev/net/tunnel", "c", 10, 200, 0o600, 0, 0)],
    )
    assert box.shell("exec 3< /dev/net/tunnel && echo read; exec 3> /dev/net/tunnel").out == "read\n"


@_needs_tunnel
def test_the_filter_of_version_2_denies_and_allows_the_same(box: Sandbox) -> None:
    unified = [hierarchy for hierarchy in CGROUPS.hierarchies if hierarchy.version == 2]
    if not unified:
        pytest.skip("no control groups of version 2 here")
    path = unified[0].path / "lamina" / _name(box)
    rules = [*DEFAULT_RULES, TUNNEL]
    box.walls = Walls([Group(str(path), 2, [], [], [])], as_program(rules))
    result = box.shell(
        "busybox mknod /tmp/log c 1 11; busybox mknod /tmp/tun c 10 200; busybox mknod /tmp/disk b 7 0\n"
        "(exec 3< /tmp/tun) && echo tunnel; echo x > /dev/null && echo null\n"
        "cat /tmp/log; cat /tmp/disk; (echo > /tmp/tun) || echo end"
    )
    assert result.out == "tunnel\nnull\nend\n"
    assert result.err.count(_NO_OPENING) == 3


def test_a_group_that_cannot_be_made_is_named(box: Sandbox) -> None:
    box.walls = Walls([Group("/proc/lamina/x", 1, [], [], [Setting("a", "b", "")])])
    with pytest.raises(LaunchError, match="/proc/lamina/x"):
        box.start("true")


def test_what_a_killed_start_left_does_not_stay_in_the_new_ones_groups(grouped: Sandbox) -> None:
    (hierarchy, *_) = CGROUPS.hierarchies
    path = hierarchy.path / "lamina" / _name(grouped)
    path.mkdir(parents=True)
    left = subprocess.Popen(["sleep", "1000"])
    (path / "cgroup.procs").write_text(str(left.pid))
    assert grouped.run("true").code == 0
    assert left.wait(10) == -signal.SIGKILL
    assert _existing(grouped) == []


def test_the_group_below_that_the_first_process_went_to_is_found() -> None:
    unified = next((one.path for one in CGROUPS.hierarchies if one.version == 2), None)
    if unified is None:
        pytest.skip("no control groups of version 2 here")
    group = unified / f"test-{os.getpid()}"
    leaf = group / "init.scope" / "one"
    leaf.mkdir(parents=True)
    process = subprocess.Popen(["sleep", "1000"])
    try:
        assert leaf_of(str(group), process.pid) == str(group)
        (group / "cgroup.procs").write_text(str(process.pid))
        assert leaf_of(str(group), process.pid) == str(group)
        (leaf / "cgroup.procs").write_text(str(process.pid))
        assert leaf_of(str(group), process.pid) == str(leaf)
    finally:
        process.kill()
        process.wait()
        for path in (leaf, leaf.parent, group):
            path.rmdir()
