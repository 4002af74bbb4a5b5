"""Options of run that few use: single disks, rules of devices, a domain, single streams, signals kept."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Lamina
from tests.support.house import lab_house
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

_RUN = ("run", "--rm", "--network", "none")


@pytest.fixture(scope="module")
def house() -> Iterator[Lamina]:
    """A store with the lab's base image."""
    with lab_house() as lamina:
        yield lamina


def _disk() -> tuple[str, str]:
    """A whole disk of this machine, and its number."""
    for name in sorted(os.listdir("/sys/block")) if os.path.isdir("/sys/block") else ():
        path = Path("/dev") / name
        if path.exists() and stat.S_ISBLK(path.stat().st_mode):
            number = path.stat().st_rdev
            return str(path), f"{os.major(number)}:{os.minor(number)}"
    pytest.skip("no disk is shown here")


@pytest.mark.parametrize(
    ("option", "value", "kept", "file", "key"),
    [
        ("--device-read-bps", "1mb", "1048576", "read_bps_device", "rbps"),
        ("--device-write-bps", "2048", "2048", "write_bps_device", "wbps"),
        ("--device-read-iops", "100", "100", "read_iops_device", "riops"),
        ("--device-write-iops", "7", "7", "write_iops_device", "wiops"),
    ],
)
def test_a_single_disk_is_limited(
    house: Lamina, option: str, value: str, kept: str, file: str, key: str
) -> None:
    disk, number = _disk()
    script = f"cat /sys/fs/cgroup/blkio/blkio.throttle.{file} /sys/fs/cgroup/io.max 2>/dev/null; true"
    said = house(*_RUN, option, f"{disk}:{value}", "lab/base", "sh", "-c", script).ok().out
    assert f"{number} {kept}" in said or f"{key}={kept}" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--device-read-bps", "/dev/null:1mb"), "/dev/null is no disk"),
        (("--device-read-bps", "/dev/nowhere:1mb"), "/dev/nowhere: No such file"),
        (("--device-write-iops", "disk:1"), "is not DISK:VALUE"),
        (("--device-write-iops", "/dev/null:x"), "is no whole number"),
        (("--device-cgroup-rule", "c 1:x r"), "is none"),
        (("--device-cgroup-rule", "c 1:11 rw\n"), "is none"),
        (("--domainname", "a b"), "is none"),
        (("--domainname", "a" * 65), "is none"),
        (("--domainname", "a", "--uts", "host"), "--domainname and --uts host"),
        (("-d", "-a", "stdout"), "-a and -d exclude each other"),
        (("-a", "stdin", "-a", "stdout"), "-a stdin wants -i too"),
        (("-i", "-a", "stdin"), "would show nothing"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(house: Lamina, words: tuple[str, ...], said: str) -> None:
    finished = house(*_RUN, *words, "lab/base", "true")
    assert finished.code == 125
    assert said in finished.err
    assert house("ps", "-aq").ok().out == ""


@pytest.mark.parametrize(("rules", "opens"), [((), False), (("c 10:* rwm",), True), (("a *:* rwm",), True)])
def test_a_rule_lets_devices_be_opened_that_the_container_makes(
    house: Lamina, rules: tuple[str, ...], opens: bool
) -> None:
    if not os.path.exists("/dev/fuse"):
        pytest.skip("the kernel has no fuse here")
    words = [word for rule in rules for word in ("--device-cgroup-rule", rule)]
    house("create", "--name", "ruled", *_RUN[2:], *words, "lab/base", "sleep", "1000").ok()
    house("start", "ruled").ok()
    init = house("inspect", "ruled").json()[0]["State"]["Pid"]
    os.mknod(f"/proc/{init}/root/tmp/node", 0o20666, os.makedev(10, 229))
    opened = house("exec", "ruled", "sh", "-c", "exec 3<>/tmp/node")
    house("rm", "-f", "ruled").ok()
    assert (opened.code == 0) is opens, opened.err


def test_a_domain_is_the_kernels_and_that_of_its_name(house: Lamina) -> None:
    look = "cat /proc/sys/kernel/domainname; tail -n 1 /etc/hosts"
    words = ("--rm", "-h", "box", "--domainname", "example.org", "lab/base", "sh", "-c", look)
    domain, line = house("run", *words).ok().out.splitlines()
    assert (domain, line.split()[1:]) == ("example.org", ["box.example.org", "box"])


@pytest.mark.parametrize(
    ("streams", "out", "err"),
    [(("stdout",), "out\n", ""), (("stderr",), "", "err\n"), (("stdin", "stderr"), "", "err in\n")],
)
def test_only_the_streams_that_are_named_are_connected(
    house: Lamina, streams: tuple[str, ...], out: str, err: str
) -> None:
    script = "read x; echo out; echo err $x >&2; exit 3"
    words = [word for stream in streams for word in ("-a", stream)]
    words += ["-i"] if "stdin" in streams else []
    finished = house(*_RUN, *words, "lab/base", "sh", "-c", script, stdin="in\n")
    assert (finished.code, finished.out, finished.err) == (3, out, err)


def test_signals_that_are_not_handed_on_end_the_front_alone(house: Lamina) -> None:
    script = "trap 'exit 9' INT; echo ready; while :; do sleep 0.05; done"
    words = (
        "run",
        "--name",
        "kept",
        "--network",
        "none",
        "--sig-proxy=false",
        "lab/base",
        "sh",
        "-c",
        script,
    )
    with house.start(*words) as front:
        assert front.stdout is not None
        assert front.stdout.readline() == b"ready\n"
        front.send_signal(signal.SIGINT)
        assert front.wait(20) == 130
    assert house("inspect", "kept").json()[0]["State"]["Running"] is True
    house("rm", "-f", "kept").ok()


def test_stop_asks_by_another_signal(house: Lamina) -> None:
    script = "trap 'exit 9' USR1; echo ready; while :; do sleep 0.05; done"
    house("run", "-d", "--name", "asked", "--network", "none", "lab/base", "sh", "-c", script).ok()
    assert eventually(lambda: house("logs", "asked").out == "ready\n")
    house("stop", "-s", "USR1", "asked").ok()
    assert house("wait", "asked").ok().out == "9\n"
    house("rm", "asked").ok()


def test_what_a_container_wrote_is_shown_by_ps_and_inspect(house: Lamina) -> None:
    script = "head -c 1000 /dev/zero > /new; ln /new /again; head -c 24 /dev/zero > /tmp/more"
    house("run", "--name", "wrote", "--network", "none", "lab/base", "sh", "-c", script).ok()
    found = house("inspect", "-s", "--type", "container", "wrote").json()[0]
    assert found["SizeRw"] == 1024
    assert found["SizeRootFs"] > 1024 * 1024
    assert "1.02 kB (virtual" in house("ps", "-as").ok().out
    assert "SizeRw" not in house("inspect", "wrote").json()[0]
    assert house("inspect", "--type", "image", "wrote").code == 1
    house("rm", "wrote").ok()
