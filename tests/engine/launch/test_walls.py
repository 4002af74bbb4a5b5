"""Walls beyond Docker's defaults: memory file systems, shared namespaces, settings, limits, devices."""

import os
import time
from pathlib import Path

import pytest

from engine.errors import LaunchError
from engine.launch import syscalls
from engine.launch.limits import UNLIMITED, Limit
from engine.launch.messages import Stage
from engine.launch.task import Bind
from engine.launch.walls import Memory, Walls
from engine.linux.cgroups import find_cgroups
from engine.runtime.groups import plan_groups
from engine.runtime.isolation import Resources
from tests.engine.launch.sandbox import Sandbox

pytestmark = pytest.mark.system


def test_a_file_system_in_memory_has_its_size_and_flags(box: Sandbox) -> None:
    flags = syscalls.MOUNT_ATTR_NOSUID | syscalls.MOUNT_ATTR_NOEXEC
    box.walls = Walls([], memory=[Memory("/srv/tmp", [("size", "65536"), ("mode", "700")], flags)])
    lines = box.run("cat", "/proc/self/mountinfo").out.splitlines()
    (line,) = (line for line in lines if " /srv/tmp " in line)
    assert line.split()[5] == "rw,nosuid,noexec,relatime"
    assert line.endswith("size=64k,mode=700")
    assert list((box.upper / "srv/tmp").iterdir()) == []


def test_what_lies_deeper_is_mounted_later(box: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    place = str(tmp_path)
    box.walls = Walls([], memory=[Memory("/data/deep/er", [], 0)])
    box.binds = [Bind(place, "/data/deep"), Bind(place, "/data")]
    lines = box.run("cat", "/proc/self/mountinfo").out.splitlines()
    parents = {line.split()[0]: line.split()[4] for line in lines}
    over = {line.split()[4]: parents[line.split()[1]] for line in lines if "/data" in line}
    assert over == {"/data": "/", "/data/deep": "/data", "/data/deep/er": "/data/deep"}


def test_shared_memory_has_the_size_asked_for(box: Sandbox) -> None:
    box.walls = Walls([], shm_size=1 << 20)
    assert "size=1024k" in box.run("busybox", "grep", "/dev/shm", "/proc/mounts").out


@pytest.mark.parametrize("name", ["ipc", "uts", "pid", "cgroup"])
def test_a_shared_namespace_is_the_hosts(box: Sandbox, name: str) -> None:
    box.walls = Walls([], shared=[name])
    assert box.run("readlink", f"/proc/self/ns/{name}").out.strip() == os.readlink(f"/proc/self/ns/{name}")


def test_a_shared_name_is_not_changed(box: Sandbox) -> None:
    box.walls = Walls([], shared=["uts"])
    assert box.run("cat", "/proc/sys/kernel/hostname").out.strip() == os.uname().nodename


def test_the_others_end_with_the_first_where_processes_are_shared(box: Sandbox) -> None:
    cgroups = find_cgroups()
    if cgroups.mode == "none":
        pytest.skip("no control group can be made here")
    name = f"shared-{os.getpid()}"
    box.walls = Walls(plan_groups(cgroups, name, Resources(), None), shared=["pid"])
    begun = time.monotonic()
    assert box.shell("sleep 1000 & echo $!").out.strip().isdigit()
    assert time.monotonic() - begun < 30


def test_settings_of_its_namespaces_are_written(box: Sandbox) -> None:
    box.walls = Walls([], sysctls=[("net.ipv4.ip_forward", "1", True), ("kernel.shmmax", "4242", True)])
    before = Path("/proc/sys/kernel/shmmax").read_text()
    out = box.run("cat", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/shmmax").out
    assert out.split() == ["1", "4242"]
    assert Path("/proc/sys/kernel/shmmax").read_text() == before


def test_a_setting_that_the_kernel_lacks_is_named(box: Sandbox) -> None:
    box.walls = Walls([], sysctls=[("net.ipv4.no_such_thing", "1", True)])
    with pytest.raises(LaunchError, match=r"--sysctl net\.ipv4\.no_such_thing=1"):
        box.start("true")


def test_a_default_setting_that_the_kernel_lacks_is_done_without(box: Sandbox) -> None:
    box.walls = Walls([], sysctls=[("net.ipv4.no_such_thing", "1", False)])
    assert box.run("true").code == 0


def test_limits_asked_for_are_exact(box: Sandbox) -> None:
    box.limits = [Limit("nofile", 100, 200, True), Limit("core", 0, 0, True)]
    lines = box.run("cat", "/proc/self/limits").out.splitlines()
    values = {line[:26].strip(): line[26:].split()[:2] for line in lines}
    assert values["Max open files"] == ["100", "200"]
    assert values["Max core file size"] == ["0", "0"]


def test_limits_are_raised_as_far_as_they_may(box: Sandbox) -> None:
    box.limits = [Limit("nofile", UNLIMITED >> 1, UNLIMITED >> 1, False)]
    result = box.shell("ulimit -Sn; ulimit -Hn")
    soft, hard = result.out.split()
    assert soft == hard


def test_further_groups_are_resolved_in_the_image(box: Sandbox) -> None:
    box.groups = ["audio", "77"]
    status = box.run("cat", "/proc/self/status").out
    groups = status.split("Groups:")[1].splitlines()[0].split()
    assert set(groups) == {"0", "29", "77"}


def test_a_group_that_the_image_lacks_is_named(box: Sandbox) -> None:
    box.groups = ["nobody-here"]
    with pytest.raises(LaunchError, match="no group 'nobody-here'") as caught:
        box.start("true")
    assert caught.value.stage == Stage.IDENTITY
