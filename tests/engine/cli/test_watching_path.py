"""The verbs that watch containers: stats, top, namespaces, overlay, and logs that rotate."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator

import pytest

from tests.support.command import Lamina
from tests.support.house import lab_house
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


@pytest.fixture(scope="module")
def house() -> Iterator[Lamina]:
    """A store with the lab's base image."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    with lab_house() as lamina:
        yield lamina


@pytest.fixture(autouse=True)
def no_containers_left(house: Lamina) -> Iterator[None]:
    """Every test begins and ends without containers."""
    yield
    names = house("ps", "-aq").ok().out.split()
    if names:
        house("rm", "-f", *names).ok()


def _run(house: Lamina, script: str, *options: str) -> None:
    words = ["run", "-d", "--name", "c", "--network", "none", *options, "lab/base", "sh", "-c", script]
    house(*words).ok()


def test_logs_are_rotated_as_the_option_says(house: Lamina) -> None:
    script = "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done"
    _run(house, script, "--log-opt", "max-size=10k", "--log-opt", "max-file=3")
    house("wait", "c").ok()
    (directory,) = (house.root / "containers").iterdir()
    sizes = [path.stat().st_size for path in directory.glob("container.log*")]
    assert len(sizes) == 3
    assert max(sizes) <= 10 << 10
    lines = house("logs", "c").ok().out.splitlines()
    assert lines[-1] == "line 1999"
    assert lines == [f"line {n}" for n in range(2000 - len(lines), 2000)]
    assert house("logs", "--tail", "200", "c").ok().out.splitlines() == lines[-200:]


def test_logs_of_a_monitor_killed_while_it_rotates_are_read_and_continued(house: Lamina) -> None:
    script = "while :; do echo 0123456789012345678901234567890123456789; done"
    _run(house, script, "--log-opt", "max-size=1k", "--log-opt", "max-file=4")
    (found,) = house("ps", "--format", "json").json()
    (directory,) = (house.root / "containers").iterdir()
    monitor = json.loads((directory / "state").read_text())["monitor"]
    assert eventually(lambda: len(list(directory.glob("container.log.*"))) >= 3)
    os.kill(monitor, signal.SIGKILL)
    assert eventually(lambda: not os.path.exists(f"/proc/{found['pid']}"))
    lines = house("logs", "c").ok().out.splitlines()
    assert lines
    assert set(lines) == {"0123456789" * 4}
    house("start", "c").ok()
    house("stop", "-t", "0", "c").ok()
    assert set(house("logs", "c").ok().out.splitlines()) == {"0123456789" * 4}


@pytest.mark.parametrize("words", [["max-size=5x"], ["max-file=0"], ["compress=true"], ["max-size=10"]])
def test_log_options_that_cannot_be_meant_are_refused(words: list[str], house: Lamina) -> None:
    finished = house("create", "--log-opt", *words, "lab/base", "true")
    assert finished.code != 0
    assert "--log-opt" in finished.err


def test_logs_since_and_until_take_times_and_durations(house: Lamina) -> None:
    _run(house, "echo one")
    house("wait", "c").ok()
    assert house("logs", "--since", "10m", "c").ok().out == "one\n"
    assert house("logs", "--until", "10m", "c").ok().out == ""
    assert house("logs", "--since", "2999-01-01T00:00:00.123456789Z", "c").ok().out == ""
    assert house("logs", "--since", "noon", "c").code != 0


def test_followed_logs_end_at_until_though_it_runs_on(house: Lamina) -> None:
    _run(house, "echo one; sleep 60")
    assert eventually(lambda: house("logs", "c").ok().out == "one\n")
    assert house("logs", "-f", "--until", "0s", "c", timeout=10).ok().out == "one\n"


def test_stats_tell_what_a_busy_container_uses(house: Lamina) -> None:
    _run(house, "while :; do :; done", "--cpus", "0.2", "-m", "64m", "--pids-limit", "20")
    (found,) = house("stats", "--no-stream", "--format", "json", "c").json()
    assert 5 < found["cpu"]["of_core"] < 45
    assert found["cpu"]["of_host"] == pytest.approx(found["cpu"]["of_core"] / (os.cpu_count() or 1))
    assert found["cpu"]["throttled"] > 0
    memory = found["memory"]
    assert (memory["limit"], memory["limited"]) == (64 << 20, True)
    assert 0 < memory["anonymous"] <= memory["raw"]
    assert (found["processes"], found["processes_limit"]) == (1, 20)
    assert found["network"] == {"received": 0, "sent": 0}


def test_stats_show_those_that_do_not_run_only_when_asked(house: Lamina) -> None:
    _run(house, "true")
    house("wait", "c").ok()
    assert len(house("stats", "--no-stream").ok().out.splitlines()) == 1
    heading, row = house("stats", "-a", "--no-stream").ok().out.splitlines()
    assert heading.startswith("CONTAINER ID   NAME")
    assert row.split()[1:] == ["c", *["--"] * 10]
    assert house("stats", "--no-stream", "nobody").code != 0


def test_top_shows_pids_of_both_sides_and_hostile_names_safely(house: Lamina) -> None:
    _run(house, "sh -c 'sleep 60; true' '\x1b[31mred\nline' & wait")
    assert eventually(lambda: len(house("top", "c").ok().out.splitlines()) == 4)
    out = house("top", "c").ok().out
    assert "\x1b" not in out
    assert "red" in out
    rows = house("top", "--format", "json", "c").json()
    assert sorted(row["inside"] for row in rows)[:2] == [1, 2]
    assert rows[0]["pid"] == house("ps", "--format", "json").json()[0]["pid"]
    assert house("top", "-o", "inside,comm", "c").ok().out.splitlines()[0].split() == ["INSIDE", "COMMAND"]
    assert house("top", "-o", "nothing", "c").code != 0


@pytest.mark.parametrize("verb", ["top", "namespaces"])
def test_what_does_not_run_is_said_not_to(verb: str, house: Lamina) -> None:
    house("create", "--name", "c", "lab/base", "true").ok()
    finished = house(verb, "c")
    assert finished.code != 0
    assert "c is not running" in finished.err


def test_namespaces_are_the_kernels(house: Lamina) -> None:
    _run(house, "sleep 60", "--uts", "host")
    found = house("namespaces", "--json", "c").json()
    rows = {row["kind"]: row for row in found["namespaces"]}
    for kind in ("mnt", "pid", "net", "uts"):
        assert rows[kind]["id"] == os.stat(f"/proc/{found['pid']}/ns/{kind}").st_ino
    assert rows["uts"]["id"] == rows["uts"]["host"]
    assert rows["pid"]["id"] != rows["pid"]["host"]
    assert found["seccomp"] == "filter"
    assert "CHOWN" in found["capabilities"]["effective"]
    assert "SYS_ADMIN" in found["missing"]
    assert {"/", "/proc", "/dev"} <= {row["target"] for row in found["mounts"]}
    assert "NAMESPACE" in house("namespaces", "c").ok().out


_WRITES = (
    "echo x >> /etc/passwd; chmod 600 /etc/group; rm /usr/bin/env; mkdir -p /new/deep; "
    "echo y > '/new/deep/\x1b[31m'; rm -rf /root; mkdir /root; "
)


def test_overlay_tells_what_was_done_and_what_it_costs(house: Lamina) -> None:
    _run(house, _WRITES)
    house("wait", "c").ok()
    found = house("overlay", "--json", "c").json()
    effects = {row["path"]: row["effect"] for row in found["changes"]}
    assert effects["/etc/passwd"] == "copied up"
    assert effects["/etc/group"] == "attributes"
    assert effects["/usr/bin/env"] == "deleted"
    assert effects["/root"] == "made opaque"
    assert effects["/new/deep"] == "new"
    assert found["commit"] % 512 == 0
    layers = {row["layer"] for row in found["changes"] if row["effect"] == "copied up"}
    assert layers <= set(found["layers"])
    out = house("overlay", "c").ok().out
    assert "\x1b" not in out
    assert "copied up" in out


def test_overlay_follows_until_the_container_ends(house: Lamina) -> None:
    _run(house, f"sleep 1.5; {_WRITES} sleep 0.5; rm -r /new")
    finished = house("overlay", "--follow", "--format", "json", "c", timeout=30).ok()
    told = [(row["effect"], row["path"]) for row in map(json.loads, finished.out.splitlines())]
    for expected in (("copied up", "/etc/passwd"), ("attributes", "/etc/group"), ("deleted", "/usr/bin/env"),
                     ("new", "/new/deep"), ("gone", "/new")):  # fmt: skip
        assert expected in told
