"""A container's health, looked after by its monitor."""

import json
import os
import signal
from collections.abc import Iterator

import pytest

from engine.launch.task import Check
from engine.runtime.health import read_health
from engine.runtime.start import launch
from tests.engine.launch.sandbox import Sandbox
from tests.support.waiting import eventually

pytestmark = pytest.mark.system


def _start(
    box: Sandbox, script: str, interval: float = 0.05, timeout: float = 5, start_period: float = 0
) -> None:
    """A container that sleeps, and is asked by a script every twentieth of a second."""
    box.argv = ["sleep", "1000"]
    task = box.task()
    task.health = Check(["sh", "-c", script], interval, timeout, start_period, 0.02, 2)
    launch(task)


def _children(pid: int) -> list[str]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().split()


def _is(box: Sandbox, health: str) -> bool:
    return eventually(lambda: box.state.health == health)


@pytest.fixture(autouse=True)
def _end(box: Sandbox) -> Iterator[None]:
    yield
    box.state.init.signal(signal.SIGKILL)
    assert eventually(lambda: box.state.status == "exited")


def test_it_starts_as_starting_and_becomes_healthy(box: Sandbox) -> None:
    _start(box, "true", interval=0.3)
    assert box.state.health == "starting"
    assert _is(box, "healthy")


def test_one_success_makes_it_healthy_again(box: Sandbox) -> None:
    _start(box, "n=$(cat /tmp/n 2>/dev/null || echo 0); echo $((n + 1)) > /tmp/n; test $n -gt 3")
    assert _is(box, "unhealthy")
    assert _is(box, "healthy")
    assert read_health(box.base).failing_streak == 0


def test_failures_in_a_row_make_it_unhealthy_and_are_kept(box: Sandbox) -> None:
    _start(box, "echo looked; exit 3")
    assert _is(box, "unhealthy")
    last = read_health(box.base).looks[-1]
    assert (last.exit_code, last.output) == (3, "looked\n")
    assert read_health(box.base).failing_streak >= 2
    assert last.end >= last.start


def test_it_looks_with_the_containers_own_sandbox(box: Sandbox) -> None:
    box.user = "web"
    _start(box, "id -u; readlink /proc/self/ns/pid")
    assert _is(box, "healthy")
    uid, namespace = read_health(box.base).looks[0].output.split()
    assert uid == "1000"
    assert namespace == os.readlink(f"/proc/{box.state.init.pid}/ns/pid")


def test_only_the_last_five_looks_are_kept(box: Sandbox) -> None:
    _start(box, "true")
    assert eventually(lambda: len(read_health(box.base).looks) == 5)
    first = read_health(box.base).looks[0]
    assert eventually(lambda: read_health(box.base).looks[0] != first)
    assert len(read_health(box.base).looks) == 5


def test_what_takes_too_long_is_ended_and_counts_as_failed(box: Sandbox) -> None:
    _start(box, "sleep 99 & sleep 99", timeout=0.1)
    assert _is(box, "unhealthy")
    last = read_health(box.base).looks[-1]
    assert (last.exit_code, last.output) == (-1, "Health check exceeded timeout (0.1s)")


def test_a_program_that_is_not_there_counts_as_failed_and_is_said(box: Sandbox) -> None:
    box.argv = ["sleep", "1000"]
    task = box.task()
    task.health = Check(["/no/such"], 0.05, 5, 0, 0.02, 1)
    launch(task)
    assert _is(box, "unhealthy")
    last = read_health(box.base).looks[-1]
    assert last.exit_code == 127
    assert "/no/such" in last.output


def test_failures_in_the_start_period_do_not_count(box: Sandbox) -> None:
    _start(box, "exit 1", start_period=1000)
    assert eventually(lambda: len(read_health(box.base).looks) >= 4)
    assert (box.state.health, read_health(box.base).failing_streak) == ("starting", 0)


def test_a_flood_of_output_is_cut_and_holds_nothing_up(box: Sandbox) -> None:
    _start(box, "head -c 3000000 /dev/zero 2>&1 || cat /bin/busybox")
    assert eventually(lambda: read_health(box.base).looks)
    assert len(read_health(box.base).looks[-1].output) <= 4096


def test_looks_leave_no_process_and_no_descriptor(box: Sandbox) -> None:
    _start(box, "true")
    assert _is(box, "healthy")
    monitor = box.state.monitor.pid
    first = read_health(box.base).looks[-1]
    assert eventually(lambda: first not in read_health(box.base).looks)
    assert len(os.listdir(f"/proc/{monitor}/fd")) < 20
    assert eventually(lambda: len(_children(monitor)) == 1)


def test_changes_are_told_in_the_journal(box: Sandbox) -> None:
    _start(box, "exit 1")
    assert _is(box, "unhealthy")

    def actions() -> list[str]:
        return [json.loads(line)["action"] for line in (box.base / "events.jsonl").read_text().splitlines()]

    assert eventually(lambda: actions() == ["start", "health_status: unhealthy"])
