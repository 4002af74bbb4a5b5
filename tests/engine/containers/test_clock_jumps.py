"""Containers while the clock of their monitor, or of a front, is set back or on by a day or ten years."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.containers.models import ContainerOptions, HealthCheck, Status
from engine.rooms import Rooms
from engine.runtime.policy import RestartPolicy
from tests.engine.containers.killing import rooms_of
from tests.support.command import Lamina
from tests.support.house import lab_house
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

_DAY = 86_400
_JUMPS = (-_DAY, _DAY, -10 * 365 * _DAY, 10 * 365 * _DAY)


@pytest.fixture(scope="module")
def house() -> Iterator[Lamina]:
    """A store with the lab's base image."""
    with lab_house() as lamina:
        yield lamina


class Clock:
    """A clock for processes that load `library`."""

    def __init__(self, library: Path, file: Path) -> None:
        self._file = file
        self.variables = {"LD_PRELOAD": str(library), "WRONG_CLOCK": str(file)}
        self.jump(0)

    def jump(self, seconds: int) -> None:
        """Be wrong by so much from now on."""
        self._file.write_text(str(seconds))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stands before the C library's clocks."""
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    target = tmp_path_factory.mktemp("clock") / "wrong_clock.so"
    source = Path(__file__).with_name("wrong_clock.c")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", str(target), str(source)], check=True)
    return target


@pytest.fixture
def clock(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """That of monitors that are started in this test."""
    clock = Clock(library, tmp_path / "wrong")
    spawn = os.posix_spawn

    def with_clock(path: str, words: list[str], _: dict[str, str], **more: Any) -> int:
        return spawn(path, words, clock.variables, **more)

    monkeypatch.setattr("engine.runtime.waiting.os.posix_spawn", with_clock)
    return clock


def _start(rooms: Rooms, script: str, **more: Any) -> str:
    options = ContainerOptions("lab/base", ("sh", "-c", script), name="jumped", stop_signal="KILL", **more)
    return rooms.containers.start(rooms.containers.create(options).id).id


@pytest.mark.parametrize("jump", _JUMPS)
def test_pauses_between_restarts_pass_as_ever(house: Lamina, clock: Clock, jump: int) -> None:
    rooms = rooms_of(house.root)
    _start(rooms, "exit 3", restart=RestartPolicy("on-failure", 3))
    clock.jump(jump)
    # Pauses of 0.1, 0.2 and 0.4 seconds.
    assert eventually(lambda: rooms.containers.get("jumped").status == Status.EXITED)
    found = rooms.containers.get("jumped")
    assert (found.exit_code, found.restarts) == (3, 3)
    rooms.containers.remove("jumped")


@pytest.mark.parametrize("jump", _JUMPS)
def test_health_is_asked_on(house: Lamina, clock: Clock, jump: int) -> None:
    rooms = rooms_of(house.root)
    check = HealthCheck(("CMD-SHELL", "test ! -e /ill"), interval=0.1, timeout=5, start_period=0, retries=2)
    name = _start(rooms, "while :; do sleep 0.1; [ -e /go ] && touch /ill; done", health=check)
    assert eventually(lambda: rooms.containers.get(name).health == "healthy")
    clock.jump(jump)
    house("exec", "jumped", "touch", "/go").ok()
    assert eventually(lambda: rooms.containers.get(name).health == "unhealthy")
    rooms.containers.remove(name, force=True)


@pytest.mark.parametrize("jump", _JUMPS)
def test_nothing_of_a_log_is_lost_or_out_of_order(house: Lamina, clock: Clock, jump: int) -> None:
    rooms = rooms_of(house.root)
    script = "echo one; until [ -e /go ]; do sleep 0.05; done; echo two; echo three"
    name = _start(rooms, script)
    assert eventually(lambda: house("logs", "jumped").out == "one\n")
    clock.jump(jump)
    house("exec", "-d", "jumped", "touch", "/go").ok()  # what it lets end may take it along
    assert rooms.containers.wait(name) == 0
    for words in ((), ("-t",), ("-n", "3"), ("--follow",)):
        said = [line.split()[-1] for line in house("logs", *words, "jumped").ok().out.splitlines()]
        assert said == ["one", "two", "three"]
    # Moments are sought in a log, not read for: what is before a clock was set back may be passed over.
    assert house("logs", "--since", "2001-01-01T00:00:00", "jumped").ok().out == "one\ntwo\nthree\n"
    assert house("logs", "--until", "2001-01-01T00:00:00", "jumped").ok().out == ""
    rooms.containers.remove(name)


@pytest.mark.parametrize("jump", _JUMPS)
def test_a_front_whose_clock_is_wrong_says_no_nonsense(
    house: Lamina, library: Path, tmp_path: Path, jump: int
) -> None:
    rooms = rooms_of(house.root)
    name = _start(rooms, "echo here; sleep 1000")
    wrong = Clock(library, tmp_path / "wrong")
    wrong.jump(jump)
    row = house("ps", env=wrong.variables).ok().out.splitlines()[1]
    assert "Up " in row
    assert "-" not in row.partition("Up ")[2].partition("  ")[0]
    for words in (
        ("stats", "--no-stream", name), ("top", name), ("logs", "--since", "1h", name), ("inspect", name),
        ("events", "--since", "1h", "--until", "0m"), ("exec", name, "true"), ("restart", name),
        ("stop", "-t", "0", name), ("ps", "-a"), ("rm", name),
    ):  # fmt: skip
        house(*words, env=wrong.variables, timeout=60).ok()
    assert rooms.containers.list() == []
