"""Walls and limits by commands: what is asked for is there inside, and is shown by inspect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import NotSupported
from engine.linux.cgroups import find_cgroups
from engine.runtime.reaper import find_reaper
from tests.support.command import Lamina
from tests.support.house import lab_house
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


@pytest.fixture(scope="module")
def house() -> Iterator[Lamina]:
    """A store with the lab's base image."""
    with lab_house() as lamina:
        yield lamina


def _run(house: Lamina, *words: str) -> str:
    return house("run", "--rm", *words).ok().out


def _status(house: Lamina, *words: str) -> dict[str, str]:
    lines = _run(house, *words, "lab/base", "cat", "/proc/self/status").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_capabilities_are_added_and_dropped(house: Lamina) -> None:
    assert _status(house, "--cap-drop", "ALL", "--cap-add", "chown")["CapEff"] == "0000000000000001"
    assert int(_status(house, "--cap-drop", "MKNOD")["CapBnd"], 16) == 0xA80425FB & ~(1 << 27)


def test_no_filter_and_no_new_privileges_on_request(house: Lamina) -> None:
    found = _status(house, "--security-opt", "seccomp=unconfined", "--security-opt", "no-new-privileges")
    assert (found["Seccomp"], found["NoNewPrivs"]) == ("0", "1")


def test_a_profile_of_ones_own(house: Lamina, tmp_path: Path) -> None:
    rule = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}
    profile = tmp_path / "profile.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}))
    words = ["run", "--rm", "--security-opt", f"seccomp={profile}", "lab/base", "mkdir", "/x"]
    assert "not supported" in house(*words).err.lower()


def test_a_profile_that_is_none_is_refused_and_nothing_is_made(house: Lamina, tmp_path: Path) -> None:
    (tmp_path / "p").write_text('{"defaultAction": "ALLOW"}')
    finished = house("run", "--security-opt", f"seccomp={tmp_path}/p", "lab/base", "true")
    assert (finished.code, "defaultAction" in finished.err) == (125, True)
    assert house("ps", "-aq").ok().out == ""


def test_privileged_has_every_right(house: Lamina) -> None:
    found = _status(house, "--privileged")
    held = Path("/proc/self/status").read_text().split("CapPrm:")[1].split()[0]
    assert (found["CapEff"], found["Seccomp"]) == (held, "0")


def test_memory_that_ran_out_is_told(house: Lamina) -> None:
    if find_cgroups().of("memory") is None:
        pytest.skip("no control group for memory here")
    script = "dd if=/dev/zero of=/dev/null bs=64M count=1"
    assert house("run", "--name", "big", "-m", "16m", "lab/base", "sh", "-c", script).code != 0
    shown = house("inspect", "big").json()[0]
    house("rm", "big").ok()
    assert shown["State"]["OOMKilled"] is True
    assert shown["HostConfig"]["Memory"] == 16 << 20


def test_orphans_are_reaped(house: Lamina) -> None:
    try:
        find_reaper()
    except NotSupported as error:
        pytest.skip(error.message)
    script = "(sleep 0 &) ; sleep 0.2; cat /proc/1/comm; grep -l '^State:.Z' /proc/[0-9]*/status | wc -l"
    assert _run(house, "--init", "lab/base", "sh", "-c", script).split() == ["lamina-init", "0"]


def test_the_id_is_written_to_a_new_file_only(house: Lamina, tmp_path: Path) -> None:
    file = tmp_path / "id"
    house("create", "--cidfile", str(file), "lab/base", "true").ok()
    (listed,) = house("ps", "-aq", "--no-trunc").ok().out.split()
    assert file.read_text() == listed
    again = house("create", "--cidfile", str(file), "lab/base", "true")
    assert (again.code, "--cidfile" in again.err) == (1, True)
    house("rm", listed).ok()


def test_no_id_file_is_left_where_nothing_was_made(house: Lamina, tmp_path: Path) -> None:
    file = tmp_path / "id"
    house("create", "--cidfile", str(file), "--pull", "never", "no/such:image", "true")
    assert not file.exists()


def test_the_stop_signal_and_its_patience_are_the_containers_own(house: Lamina) -> None:
    script = "trap 'exit 7' USR1; echo ready; while :; do sleep 0.1; done"
    house("run", "-d", "--name", "own", "--stop-signal", "USR1", "lab/base", "sh", "-c", script).ok()
    assert eventually(lambda: house("logs", "own").out == "ready\n")
    house("stop", "own").ok()
    assert house("wait", "own").ok().out.strip() == "7"
    house("rm", "own").ok()


def test_names_and_servers(house: Lamina) -> None:
    words = (
        "--add-host",
        "db:10.1.2.3",
        "--dns",
        "9.9.9.9",
        "lab/base",
        "cat",
        "/etc/hosts",
        "/etc/resolv.conf",
    )
    lines = _run(house, *words).splitlines()
    assert "10.1.2.3\tdb" in lines
    assert "nameserver 9.9.9.9" in lines


def test_what_was_asked_for_survives_until_the_start(house: Lamina) -> None:
    words = [
        "--tmpfs",
        "/t:size=64k",
        "--shm-size",
        "1m",
        "--ulimit",
        "core=0",
        "--sysctl",
        "kernel.msgmax=4096",
    ]
    made = (
        house("create", *words, "lab/base", "cat", "/proc/mounts", "/proc/sys/kernel/msgmax").ok().out.strip()
    )
    out = house("start", "-a", made).ok().out
    house("rm", made).ok()
    assert "tmpfs /t tmpfs rw,nosuid,nodev,noexec,relatime,size=64k" in out
    assert "size=1024k" in out
    assert out.endswith("4096\n")
