"""A container's state, and processes that may be somebody else's by now."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from engine.errors import Corrupt
from engine.launch.state import State as Written
from engine.launch.state import start_time
from engine.runtime.state import Process, read_state


def test_a_container_without_a_state_was_never_started(tmp_path: Path) -> None:
    assert read_state(tmp_path).status == "created"


def test_what_a_monitor_writes_is_read(tmp_path: Path) -> None:
    written = Written(str(tmp_path / "state"))
    written.running(os.getpid())
    state = read_state(tmp_path)
    assert (state.status, state.init.pid, state.init.alive) == ("running", os.getpid(), True)
    written.exited(5, durable=True)
    assert (read_state(tmp_path).status, read_state(tmp_path).exit_code) == ("exited", 5)


def test_a_running_container_without_its_monitor_is_dead(tmp_path: Path) -> None:
    written = Written(str(tmp_path / "state"))
    written.fields["monitor_start"] = 1  # our pid, but not our start: the number was given to somebody else
    written.running(os.getpid())
    assert read_state(tmp_path).status == "dead"


def test_processes_of_another_boot_are_nobodys(tmp_path: Path) -> None:
    written = Written(str(tmp_path / "state"))
    written.fields["boot"] = "another"
    written.running(os.getpid())
    state = read_state(tmp_path)
    assert (state.status, state.init.alive) == ("exited", False)
    assert (state.exit_code, state.this_boot) == (255, False)


def test_a_state_that_cannot_be_read_is_corrupt(tmp_path: Path) -> None:
    (tmp_path / "state").write_text('{"boot": ')
    with pytest.raises(Corrupt, match="state"):
        read_state(tmp_path)


def test_a_pid_that_was_given_to_another_is_not_signalled() -> None:
    with subprocess.Popen(["sleep", "100"]) as other:
        assert not Process(other.pid, start_time(other.pid) - 1).signal(signal.SIGKILL)
        assert other.poll() is None
        assert Process(other.pid, start_time(other.pid)).signal(signal.SIGKILL)
        assert other.wait() == -signal.SIGKILL
