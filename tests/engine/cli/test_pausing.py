"""Stopping between the steps of a start, at a terminal."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support import leaks
from tests.support.command import Lamina
from tests.support.house import lab_house
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root", "no_leaks")]


@pytest.fixture(scope="module")
def house() -> Iterator[Lamina]:
    """A store with the lab's base image."""
    with lab_house() as lamina:
        yield lamina


@contextmanager
def _stepping(house: Lamina, *words: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    ours, theirs = pty.openpty()
    command = house.words("run", "--pause-steps", "--network", "none", *words)
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        try:
            yield process, ours
        finally:
            process.kill()
            os.close(ours)


def _until(terminal: int, word: bytes) -> bytes:
    """What the terminal shows until a word, or until nobody is there any more."""
    shown = b""
    while word not in shown:
        assert select.select([terminal], [], [], 20)[0], shown
        try:
            shown += os.read(terminal, 4096)
        except OSError:
            break
    return shown


def test_each_step_is_told_with_its_command_and_what_it_changed(house: Lamina) -> None:
    shown = b""
    with _stepping(house, "--rm", "-h", "stepped", "lab/base", "echo", "it runs") as (process, terminal):
        while b"it runs" not in shown:
            shown += (
                _until(terminal, b"goes on ") if b"program" not in shown else _until(terminal, b"it runs")
            )
            if b"it runs" in shown or not shown.endswith(b"goes on "):
                break
            os.write(terminal, b"\n")
        shown += _until(terminal, b"\0")
        assert process.wait(timeout=60) == 0
    text = shown.decode()
    assert "it runs" in text
    assert "$ pivot_root" in text
    assert "net namespace: net:[" in text
    assert "→ stepped" in text
    assert "filter of system calls: 0 → 2" in text
    assert house("ps", "-aq").ok().out == ""


def test_a_front_that_is_killed_ends_the_start_and_leaves_nothing(house: Lamina) -> None:
    with _stepping(house, "--rm", "lab/base", "sleep", "1000") as (process, terminal):
        for _ in range(4):
            _until(terminal, b"goes on ")
            os.write(terminal, b"\n")
        _until(terminal, b"goes on ")
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=60)
    assert eventually(lambda: house("ps", "-aq").ok().out == "")
    assert eventually(lambda: not leaks.processes_of(house.root))


def test_one_without_rm_stays_as_it_was_made(house: Lamina) -> None:
    with _stepping(house, "--name", "kept", "lab/base", "true") as (process, terminal):
        _until(terminal, b"goes on ")
        process.kill()
        process.wait(timeout=60)
    assert eventually(lambda: not leaks.processes_of(house.root))
    assert house("ps", "-a", "--format", "json").json()[0]["status"] == "created"
    house("start", "-a", "kept").ok()
    house("rm", "kept").ok()


def test_without_a_terminal_it_is_refused(house: Lamina) -> None:
    command = ["setsid", "-w", *house.words("run", "--pause-steps", "lab/base", "true")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=30)
    assert (done.returncode, b"terminal" in done.stderr) == (125, True)
