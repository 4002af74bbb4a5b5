"""Images and volumes made to lead a start out of the container: refused, or resolved inside."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import LaunchError
from engine.launch.messages import Stage
from engine.launch.task import Bind
from tests.engine.launch.sandbox import Sandbox
from tests.support.mounts import mount_points_under

pytestmark = pytest.mark.system

SECONDS = 3.0


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A directory of the host that nothing may reach."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    return outside


def _untouched(outside: Path) -> bool:
    return [(path.name, path.read_text()) for path in outside.iterdir()] == [("secret", "secret")]


@pytest.mark.parametrize(
    "target", ["/", "{outside}", "/proc/self/root{outside}", "../../../../../../{outside}"]
)
@pytest.mark.parametrize("name", ["proc", "sys", "dev"])
def test_a_link_in_place_of_a_kernel_filesystem_leads_nowhere(
    box: Sandbox, name: str, target: str, outside: Path
) -> None:
    (box.lowers[0] / name).rmdir()
    (box.lowers[0] / name).symlink_to(target.format(outside=outside))
    with pytest.raises(LaunchError) as caught:
        box.start("true")
    assert caught.value.stage == (Stage.SYSFS if name == "sys" else Stage.KERNEL_FILESYSTEMS)
    assert _untouched(outside)


@pytest.mark.parametrize("name", ["proc", "sys", "dev"])
def test_a_file_in_place_of_a_kernel_filesystem_is_refused(box: Sandbox, name: str) -> None:
    (box.lowers[0] / name).rmdir()
    (box.lowers[0] / name).write_text("")
    with pytest.raises(LaunchError):
        box.start("true")


def test_a_workdir_through_a_link_is_the_containers_own(box: Sandbox, outside: Path) -> None:
    (box.lowers[0] / "way").symlink_to(outside)
    box.workdir = "/way/deep"
    said = box.shell("pwd; ls ..; echo > here")
    assert said.out.split() == [f"{outside}/deep", "deep"]
    assert (box.upper / str(outside).lstrip("/") / "deep/here").exists()
    assert _untouched(outside)


@pytest.mark.parametrize("path", ["/proc/self/cwd", "/proc/self/root", "/proc/self/fd/3"])
def test_a_workdir_through_a_link_of_proc_is_refused(box: Sandbox, path: str) -> None:
    """CVE-2024-21626; also where a link of the image leads there."""
    for workdir in (path, "/way"):
        (box.lowers[0] / "way").unlink(missing_ok=True)
        (box.lowers[0] / "way").symlink_to(path)
        box.workdir = workdir
        with pytest.raises(LaunchError):
            box.start("true")


def test_a_bind_through_a_link_into_proc_is_refused(box: Sandbox, tmp_path: Path) -> None:
    """CVE-2019-19921 and kin: what is looked up in /proc must be the kernel's."""
    (tmp_path / "source").mkdir()
    (box.lowers[0] / "way").symlink_to("/proc/self")
    box.binds = [Bind(str(tmp_path / "source"), "/way/attr")]
    with pytest.raises(LaunchError):
        box.start("true")


def test_mount_targets_that_are_swapped_meanwhile_stay_inside(
    box: Sandbox, outside: Path, tmp_path: Path
) -> None:
    """CVE-2021-30465: a volume that another container changes while this one is started."""
    shared, source = tmp_path / "shared", tmp_path / "source"
    (shared / "target").mkdir(parents=True)
    (shared / "link").symlink_to(outside)
    source.mkdir()
    (source / "mark").touch()
    box.binds = [Bind(str(shared), "/vol"), Bind(str(source), "/vol/target/below")]
    ended = threading.Event()

    def swap() -> None:
        while not ended.is_set():
            # A start makes a target that is missing at the moment; then there is one more in the way.
            for old, new in (("target", "real"), ("link", "target"), ("target", "link"), ("real", "target")):
                with contextlib.suppress(OSError):
                    os.rename(shared / old, shared / new)

    starts = 0
    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            try:
                box.run("true")
                starts += 1
            except LaunchError:
                continue
            assert mount_points_under(tmp_path) == []
    finally:
        ended.set()
        swapper.join()
    assert starts > 3
    assert _untouched(outside)


@pytest.mark.parametrize("file", ["passwd", "group"])
def test_a_fifo_or_a_device_where_names_are_looked_up_holds_nothing_up(box: Sandbox, file: str) -> None:
    path = box.lowers[0] / "etc" / file
    path.unlink()
    os.mkfifo(path)
    box.user = "web:www" if file == "group" else "web"
    with pytest.raises(LaunchError) as caught:
        box.start("true")
    assert caught.value.stage == Stage.IDENTITY
    path.unlink()
    os.mknod(path, 0o20666, os.makedev(1, 5))  # /dev/zero, which has no end
    with pytest.raises(LaunchError):
        box.start("true")


@pytest.mark.parametrize(
    "user",
    ["4294967296", "2147483648", "0:4294967296", "٠", "0:٠", "00000000000", "+0", "-0", "0 ", "0\n", "1e1"],
)
def test_a_number_that_is_none_never_becomes_root(box: Sandbox, user: str) -> None:
    box.user = user
    with pytest.raises(LaunchError) as caught:
        box.start("true")
    assert caught.value.stage == Stage.IDENTITY


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _console(path: Path) -> None:
    os.mknod(path, 0o20666, os.makedev(5, 1))


def _link(path: Path) -> None:
    path.symlink_to("/dev/null")


@pytest.mark.parametrize("put", [None, Path.touch, _fifo, _console, _link])
def test_a_volume_in_place_of_the_terminals_gives_none(
    box: Sandbox, tmp_path: Path, put: Callable[[Path], None] | None
) -> None:
    """CVE-2025-52565 and kin: the terminal and the console are those of the container's own devpts."""
    terminals = tmp_path / "terminals"
    terminals.mkdir()
    if put:
        put(terminals / "ptmx")
    box.binds = [Bind(str(terminals), "/dev/pts")]
    box.tty = True
    with pytest.raises(LaunchError) as caught:
        box.start("true")
    assert caught.value.stage == Stage.TERMINAL


@pytest.mark.parametrize(
    "target",
    [
        "/dev/null",
        "/proc/self/mem",
        "/proc/sysrq-trigger",
        "/proc/self/fd/3",
        "/proc/1/root/etc/shadow",
        "{outside}/x",
    ],
)
def test_a_link_in_place_of_a_file_of_names_leads_nowhere(
    box: Sandbox, target: str, outside: Path, tmp_path: Path
) -> None:
    """/etc/hosts is bound by the engine, wherever the image has it lead."""
    (tmp_path / "hosts").write_text("127.0.0.1 localhost")
    (box.lowers[0] / "etc/hosts").symlink_to(target.format(outside=outside))
    box.binds = [Bind(str(tmp_path / "hosts"), "/etc/hosts")]
    with pytest.raises(LaunchError):
        box.start("true")
    assert _untouched(outside)
