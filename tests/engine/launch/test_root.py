"""What the program sees of files: its stack, the kernel's filesystems, binds, and nothing of the host."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import LaunchError
from engine.launch.messages import Stage
from engine.launch.task import Bind
from tests.engine.launch.sandbox import Sandbox

pytestmark = pytest.mark.system


def test_writes_go_to_the_upper_directory_alone(box: Sandbox) -> None:
    box.shell("echo new > /etc/motd; echo more >> /etc/group")
    assert (box.upper / "etc/motd").read_text() == "new\n"
    assert not (box.lowers[0] / "etc/motd").exists()
    assert "more" not in (box.lowers[0] / "etc/group").read_text()


def test_devices_are_dockers(box: Sandbox) -> None:
    names = set(box.run("ls", "/dev").out.split())
    assert names - {"core"} == {
        "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout",
        "tty", "urandom", "zero",
    }  # fmt: skip
    assert ("core" in names) is os.path.exists("/proc/kcore")
    assert box.shell("test -c /dev/null && echo x > /dev/null && cat /dev/null").code == 0


def test_masked_paths_show_nothing_and_protected_ones_cannot_be_written(box: Sandbox) -> None:
    outcome = box.shell(
        "cat /proc/timer_list /proc/keys; ls /sys/firmware; echo 1 > /proc/sys/kernel/domainname"
    )
    assert outcome.out == ""
    assert "Read-only file system" in outcome.err


def test_sys_cannot_be_written(box: Sandbox) -> None:
    assert "Read-only file system" in box.shell("echo 1 > /sys/kernel/x").err


def test_a_read_only_root_takes_no_writes_but_shm_does(box: Sandbox) -> None:
    box.read_only = True
    outcome = box.shell("touch /x; touch /dev/shm/y && echo fine")
    assert (outcome.out, "Read-only file system" in outcome.err) == ("fine\n", True)


def test_only_its_own_processes_are_seen(box: Sandbox) -> None:
    assert box.shell("echo $$; echo /proc/[0-9]*").out.split() == ["1", "/proc/1"]


def test_the_hosts_name_and_interfaces_are_not_its_own(box: Sandbox) -> None:
    out = box.shell("cat /proc/sys/kernel/hostname; ls /sys/class/net; ip addr show lo").out
    assert out.startswith("boxed\nlo\n")
    assert "127.0.0.1" in out


def test_the_hosts_network_is_shared_when_asked_for(box: Sandbox) -> None:
    box.network = "host"
    assert box.run("readlink", "/proc/self/ns/net").out.strip() == os.readlink("/proc/self/ns/net")


@pytest.mark.parametrize("name", ["proc", "sys", "dev"])
def test_a_link_in_place_of_a_kernel_filesystem_is_refused(box: Sandbox, name: str, tmp_path: Path) -> None:
    (box.lowers[0] / name).rmdir()
    (box.lowers[0] / name).symlink_to(tmp_path)
    with pytest.raises(LaunchError) as caught:
        box.start("true")
    assert caught.value.stage == (Stage.SYSFS if name == "sys" else Stage.KERNEL_FILESYSTEMS)
    assert list(tmp_path.iterdir()) == []


def test_a_bind_shows_the_hosts_directory(box: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("from the host")
    box.binds = [Bind(str(tmp_path), "/data/in")]
    assert box.shell("cat /data/in/a; echo back > /data/in/b").out == "from the host"
    assert (tmp_path / "b").read_text() == "back\n"


def test_a_read_only_bind_takes_no_writes(box: Sandbox, tmp_path: Path) -> None:
    box.binds = [Bind(str(tmp_path), "/data", read_only=True)]
    assert "Read-only file system" in box.shell("touch /data/x").err


def test_a_file_can_be_bound_over_a_file_that_is_not_there(box: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("hello")
    box.binds = [Bind(str(tmp_path / "f"), "/etc/deep/f")]
    assert box.run("cat", "/etc/deep/f").out == "hello"


def test_a_bind_target_behind_a_link_stays_inside(box: Sandbox, tmp_path: Path) -> None:
    """CVE-2022-23648 and kin: a link in the image must not lead a mount to the host."""
    outside = tmp_path / "outside"
    outside.mkdir()
    source = tmp_path / "source"
    source.mkdir()
    (source / "mark").touch()
    (box.lowers[0] / "out").symlink_to(outside)
    box.binds = [Bind(str(source), "/out/there")]
    assert box.shell(f"ls {outside}/there").out == "mark\n"
    assert list(outside.iterdir()) == []


def test_a_missing_bind_source_is_named(box: Sandbox) -> None:
    box.binds = [Bind("/no/such/place", "/data")]
    with pytest.raises(LaunchError, match="/no/such/place"):
        box.start("true")


def test_a_workdir_through_a_magic_link_does_not_reach_the_host(box: Sandbox) -> None:
    """CVE-2024-21626."""
    for number in range(3, 12):
        box.workdir = f"/proc/self/fd/{number}/.."
        try:
            out = box.shell("pwd; ls").out
        except LaunchError:
            continue
        assert "lower" not in out


def test_a_missing_workdir_is_made(box: Sandbox) -> None:
    box.workdir = "/srv/app/deep"
    assert box.shell("pwd").out == "/srv/app/deep\n"


def test_a_stack_of_120_layers_mounts(box: Sandbox, store_root: Path) -> None:
    box.lowers = [*_numbered_layers(store_root, 120), *box.lowers]
    assert len(box.run("ls", "/many").out.split()) == 120


def test_a_stack_of_120_layers_fits_in_a_page_for_older_kernels(box: Sandbox, store_root: Path) -> None:
    """Kernels before 6.7 know no lowerdir+; the same call is made here in a namespace of its own."""
    box.lowers = [*_numbered_layers(store_root, 120), *box.lowers]
    script = (
        "import os, sys; from engine.launch import rootfs, syscalls, task\n"
        "syscalls.unshare(syscalls.CLONE_NEWNS)\n"
        "syscalls.mount(None, '/', None, syscalls.MS_REC | syscalls.MS_PRIVATE)\n"
        "base = sys.argv[1]\n"
        "overlay = task.Overlay(sys.argv[2:], base + '/upper', base + '/work', [])\n"
        "rootfs.mount_overlay_in_a_page(overlay, base + '/rootfs')\n"
        "print(len(os.listdir(base + '/rootfs/many')))\n"
    )
    command = [sys.executable, "-c", script, str(box.base), *map(str, box.lowers)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "120\n"


def _numbered_layers(root: Path, count: int) -> list[Path]:
    layers = [
        root / f"layer-with-a-name-as-long-as-a-digest-has-sixty-four-{number:010}" for number in range(count)
    ]
    for number, layer in enumerate(layers):
        (layer / "many").mkdir(parents=True)
        (layer / "many" / str(number)).touch()
    return layers
