"""Containers that their monitor starts again."""

import os
import signal
from functools import partial
from pathlib import Path

import pytest

from engine.launch import unix
from engine.launch.restarts import ENDED, PERSON, POLICY, Restarts
from engine.runtime.attach import connect
from engine.runtime.ending import wait_for_exit
from engine.runtime.start import launch
from tests.engine.launch.sandbox import Sandbox, outcome
from tests.support.waiting import PATIENCE, eventually


@pytest.fixture
def restarts(tmp_path: Path) -> Restarts:
    return Restarts(str(tmp_path))


def _start(box: Sandbox, script: str) -> None:
    box.argv = ["sh", "-c", script]
    launch(box.task())


def _is_between_lives(box: Sandbox, least: int) -> bool:
    return box.state.status == "restarting" and box.state.restarts >= least


def _policy(directory: Path, text: str) -> None:
    (directory / POLICY).write_text(text)


def test_without_a_policy_it_stays_ended(restarts: Restarts) -> None:
    assert restarts.pause(1, 0) is None


@pytest.mark.parametrize("policy", ["always", "unless-stopped"])
def test_policies_that_restart_whatever_the_exit_code(
    policy: str, restarts: Restarts, tmp_path: Path
) -> None:
    _policy(tmp_path, policy)
    assert restarts.pause(0, 0) is not None
    assert restarts.pause(1, 0) is not None


def test_pauses_double_up_to_a_minute(restarts: Restarts, tmp_path: Path) -> None:
    _policy(tmp_path, "always")
    pauses = [restarts.pause(1, 0.5) for _ in range(12)]
    assert pauses[:4] == [0.1, 0.2, 0.4, 0.8]
    assert pauses[-2:] == [60.0, 60.0]


def test_what_ran_for_ten_seconds_begins_with_the_shortest_pause(restarts: Restarts, tmp_path: Path) -> None:
    _policy(tmp_path, "always")
    for _ in range(5):
        restarts.pause(1, 0.5)
    assert restarts.pause(1, 10) == 0.1


def test_on_failure_restarts_failures_only_and_only_so_often(restarts: Restarts, tmp_path: Path) -> None:
    _policy(tmp_path, "on-failure 2")
    assert restarts.pause(0, 0) is None
    assert restarts.pause(1, 0) is not None
    restarts.count = 2
    assert restarts.pause(1, 0) is None


def test_what_somebody_ended_stays_ended(restarts: Restarts, tmp_path: Path) -> None:
    _policy(tmp_path, "always")
    (tmp_path / ENDED).write_text(PERSON)
    assert restarts.pause(1, 0) is None


def test_a_pause_is_cut_short_by_whoever_ends_it(restarts: Restarts, tmp_path: Path) -> None:
    server = unix.listen(str(tmp_path / "run/socket"))
    (tmp_path / ENDED).write_text(PERSON)
    connect(tmp_path / "run/socket").close()
    assert not restarts.wait(server, 60)
    server.close()


@pytest.mark.system
def test_a_container_runs_again_with_its_files_and_without_its_processes(box: Sandbox) -> None:
    _policy(box.base, "on-failure 2")
    _start(box, "echo $$ >> /srv/lives; sleep 1000 & exit 3")
    assert wait_for_exit(box.base, PATIENCE)
    assert (box.upper / "srv/lives").read_text().split() == ["1", "1", "1"]
    assert (box.state.status, box.state.exit_code, box.state.restarts) == ("exited", 3, 2)


@pytest.mark.system
def test_a_front_is_told_the_end_of_the_life_it_was_attached_to(box: Sandbox) -> None:
    _policy(box.base, "always")
    attachment = box.start("sh", "-c", "echo seen; exit 4").attachment
    assert attachment is not None
    with attachment:
        ended = outcome(attachment)
    assert (ended.code, ended.out) == (4, "seen\n")
    (box.base / ENDED).write_text(PERSON)
    assert wait_for_exit(box.base, PATIENCE)


@pytest.mark.system
def test_lives_leave_no_descriptor_in_the_monitor(box: Sandbox) -> None:
    _policy(box.base, "always")
    box.stdin = True
    _start(box, "sleep 0.02; exit 1")
    assert eventually(partial(_is_between_lives, box, 1))
    # The state is written before the last life's streams are closed; soon after only those kept are left.
    listed = f"/proc/{box.state.monitor.pid}/fd"
    first = min(len(os.listdir(listed)) for _ in range(100))
    assert eventually(lambda: _is_between_lives(box, 3) and len(os.listdir(listed)) <= first)
    (box.base / ENDED).write_text(PERSON)
    connect(box.socket).close()
    assert wait_for_exit(box.base, PATIENCE)


@pytest.mark.system
def test_a_monitor_killed_between_two_lives_leaves_a_dead_container(box: Sandbox) -> None:
    _policy(box.base, "always")
    _start(box, "exit 1")
    assert eventually(lambda: _is_between_lives(box, 2))
    box.state.monitor.signal(signal.SIGKILL)
    assert eventually(lambda: box.state.status == "dead")
