"""A monitor, and what it forks, may be killed at any system call: at an end, a restart, a removal, an exec.

strace(1) counts each call of each process on its own, and kills (SIGKILL) every one that comes to its n-th:
the monitor, the supervisor of a program beside the first, who joins the container, what a monitor becomes.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from engine.containers.models import Status
from engine.containers.task import attach_socket
from engine.errors import LaminaError
from engine.rooms import Rooms
from engine.runtime.exec import begin, new_request
from engine.runtime.policy import RestartPolicy
from engine.runtime.pump import Pump
from engine.runtime.state import Process
from tests.engine.containers.killing import check_and_clear, make, rooms_of
from tests.support.house import lab_house
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

_CALLS = "%file,%process,write,sendto,sendmsg"  # what leaves a trace
_NEVER = 60_000  # the largest that strace takes is 65,535
_POINTS = 8
_LETS_GO = 5.0  # seconds; milliseconds where it can at all


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """A store with the lab's base image."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace")
    with lab_house() as lamina:
        yield lamina.root


def _monitor(rooms: Rooms) -> Process:
    return rooms.kept.state(rooms.kept.records.find("box")).monitor


@contextmanager
def _killed_at(monitor: int, call: int, told: Path) -> Iterator[None]:
    """Kill whatever makes any call for the so manieth time, of a monitor and all that it forks."""
    words = ["strace", "-f", "-e", f"trace={_CALLS}", "-o", str(told), "-p", str(monitor)]
    words += ["-e", f"inject={_CALLS}:signal=SIGKILL:when={call}"]
    with subprocess.Popen(words, stderr=subprocess.PIPE) as tracer:
        assert tracer.stderr is not None
        assert b"attached" in tracer.stderr.readline()
        try:
            yield
        finally:
            tracer.send_signal(signal.SIGINT)  # lets go of what still lives
            with suppress(subprocess.TimeoutExpired):
                tracer.wait(_LETS_GO)
            # Now and then it waits without end for one of them to stop; with the tracer gone, all go on.
            tracer.kill()


def _most(told: Path) -> int:
    """How often a process made the call that it made most often: strace counts each call on its own."""
    calls = re.findall(r"^([0-9]+ +\w+)\(", told.read_text(), re.MULTILINE)
    return max(Counter(calls).values(), default=0)


def _was_killed(told: Path) -> bool:
    """Whether something was: who looks away early sees no more of it than a call without an end."""
    lines = told.read_text().splitlines()
    return any("SIGKILL" in line or (line.endswith("= ?") and "exit_group" not in line) for line in lines)


def _end(rooms: Rooms) -> None:
    with suppress(LaminaError):
        rooms.containers.stop("box", 0)


def _end_itself(rooms: Rooms) -> None:
    """The program ends, and who waits for its end waits until its monitor has said so or is gone."""
    state = rooms.kept.state(rooms.kept.records.find("box"))
    os.kill(state.init.pid, signal.SIGKILL)
    assert eventually(lambda: not state.init.alive)
    eventually(lambda: not state.monitor.alive or _counted(rooms) > state.restarts, 5)


def _counted(rooms: Rooms) -> int:
    with suppress(LaminaError):
        return rooms.kept.state(rooms.kept.records.find("box")).restarts
    return _NEVER


def _exec(rooms: Rooms) -> None:
    path = str(attach_socket(rooms.layout, rooms.containers.get("box").id))
    null = os.open("/dev/null", os.O_RDWR)
    try:
        with closing(begin(path, new_request(["/bin/true"], []))) as connection:
            Pump(connection, None, null, null).run()
    except (LaminaError, OSError):
        return  # whoever served it was killed
    finally:
        os.close(null)


# What happens, and with what the container was made.
_WORKS: dict[str, tuple[Callable[[Rooms], None], dict[str, object]]] = {
    "stop": (_end, {}),
    "exec": (_exec, {}),
    "remove": (_end_itself, {"auto_remove": True}),
    "restart": (_end_itself, {"restart": RestartPolicy("always")}),
}


def _run(root: Path, what: str, call: int, told: Path) -> None:
    work, options = _WORKS[what]
    rooms = rooms_of(root)
    rooms.containers.start(make(rooms, **options))
    monitor = _monitor(rooms)
    with _killed_at(monitor.pid, call, told):
        work(rooms)
        assert eventually(lambda: _is_so(rooms_of(root)), 1.0)
        if what == "exec" and monitor.alive:
            assert rooms.containers.get("box").status == Status.RUNNING


def _is_so(rooms: Rooms) -> bool:
    """Whether all that is said to run does."""
    running = [row for row in rooms.containers.list() if row.status == Status.RUNNING]
    states = [rooms.kept.state(rooms.kept.records.find(row.id)) for row in running]
    return all(state.init.alive and state.monitor.alive for state in states)


@pytest.mark.parametrize("what", _WORKS)
def test_whatever_is_killed_of_a_monitor_what_is_said_is_so_and_nothing_is_left(
    root: Path, what: str, tmp_path: Path
) -> None:
    _run(root, what, _NEVER, tmp_path / "told")
    steps = _most(tmp_path / "told")
    assert steps > 10
    check_and_clear(root)
    for call in sorted({1 + point * (steps - 2) // _POINTS for point in range(_POINTS)}):
        _run(root, what, call, tmp_path / "told")
        assert _was_killed(tmp_path / "told")
        check_and_clear(root)
