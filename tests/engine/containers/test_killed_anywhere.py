"""Whatever a front does with a container, it may be killed at any step; so may a monitor while it starts one.

Python tells an audit hook of every file that is opened, renamed or removed, of every process that is
started and of every lock; a fork of the test process does the work and is killed (SIGKILL) as one of these is
to happen. A monitor and its init are killed between the steps that they tell. What is said of the container
afterwards must be so, and with it all that it left must go.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from engine.containers.models import Status
from engine.containers.task import attach_socket
from engine.errors import LaunchError
from engine.launch.task import Network
from engine.network.wishes import Publish
from engine.rooms import Rooms
from engine.runtime import start
from engine.runtime.exec import begin, new_request
from engine.runtime.groups import group_paths
from engine.runtime.pump import Pump
from engine.runtime.state import read_state
from engine.runtime.waiting import Waiting
from tests.engine.containers.killing import check_and_clear, has_ended, make, rooms_of
from tests.support.house import lab_house
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

_POINTS = 8  # of some dozens of steps, spread evenly
_STEPS = frozenset(
    {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chown", "os.posix_spawn", "fcntl.flock"}
)


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """A store with the lab's base image."""
    with lab_house() as lamina:
        yield lamina.root


def _exec(rooms: Rooms) -> None:
    container = rooms.containers.get("box")
    null = os.open("/dev/null", os.O_RDWR)
    path = str(attach_socket(rooms.layout, container.id))
    Pump(begin(path, new_request(["touch", "/seen"], [])), None, null, null).run()


def _copy(rooms: Rooms) -> None:
    rooms.files.copy_in("box", "/etc/passwd", "/copied")


def _commit(rooms: Rooms) -> None:
    asyncio.run(rooms.files.commit("box", "made:1"))


# What is done, and whether the container runs before it.
_WORKS: dict[str, tuple[Callable[[Rooms], object], bool | None]] = {
    "create": (make, None),
    "start": (lambda rooms: rooms.containers.start("box"), False),
    "exec": (_exec, True),
    "cp": (_copy, True),
    "commit": (_commit, True),
    "stop": (lambda rooms: rooms.containers.stop("box"), True),
    "restart": (lambda rooms: rooms.life.restart("box", 0), True),
    "rename": (lambda rooms: rooms.life.rename("box", "other"), True),
    "rm": (lambda rooms: rooms.containers.remove("box"), False),
    "remove": (lambda rooms: rooms.containers.remove("box", force=True), True),
}


def _in_a_fork(root: Path, work: Callable[[Rooms], object], last: int) -> tuple[bool, int]:
    """Do it in a process that is killed at step `last` (0: never); whether it was, and the steps it took."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            rooms, steps = rooms_of(root), 0

            def step(event: str, _: object) -> None:
                nonlocal steps
                if event in _STEPS:
                    steps += 1
                    if steps == last:
                        os.kill(os.getpid(), signal.SIGKILL)

            sys.addaudithook(step)
            work(rooms)
            os.write(write, str(steps).encode())
        except BaseException:  # noqa: BLE001 - the test process must not go on twice
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as told:
        steps = int(told.read() or 0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1]), steps


def _prepare(root: Path, runs: bool | None) -> None:
    rooms = rooms_of(root)
    if runs is not None:
        make(rooms)
    if runs:
        rooms.containers.start("box")


@pytest.mark.parametrize("what", _WORKS)
def test_a_front_killed_at_any_step_leaves_what_is_so_and_no_more(root: Path, what: str) -> None:
    work, runs = _WORKS[what]
    _prepare(root, runs)
    killed, steps = _in_a_fork(root, work, 0)
    assert (killed, steps > 3) == (False, True)
    check_and_clear(root)
    for point in range(_POINTS):
        _prepare(root, runs)
        _in_a_fork(root, work, 1 + point * (steps - 1) // (_POINTS - 1))
        check_and_clear(root)


@pytest.mark.parametrize("sent", [0, 1, 4])
@pytest.mark.parametrize(("auto_remove", "at_once"), [(False, True), (True, False), (True, True)])
def test_a_front_killed_while_it_hands_over_the_network_leaves_nothing(
    root: Path, sent: int, auto_remove: bool, at_once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(waiting: Waiting, network: Network, _: object = ()) -> None:
        assert waiting._plug is not None
        if sent:
            waiting._plug.send(network.dump()[:sent])
        os.kill(os.getpid(), signal.SIGKILL)

    made = make(rooms_of(root), auto_remove=auto_remove, network="bridge")
    monkeypatch.setattr(Waiting, "connect", cut)
    assert _in_a_fork(root, lambda rooms: rooms.containers.start("box", at_once=at_once), 0)[0]
    rooms = rooms_of(root)
    if auto_remove and at_once:
        assert eventually(lambda: not rooms.layout.container(made).exists())
    else:
        state = rooms.layout.container(made)
        assert eventually(lambda: "ended before its network was there" in read_state(state).error)
    assert eventually(lambda: not rooms.layout.container_run(made).exists())
    assert [path for path in group_paths(made) if os.path.exists(path)] == []
    check_and_clear(root)


def test_an_interrupt_of_a_start_takes_nothing_from_what_runs(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handshake = start._handshake

    def interrupted(*words: Any) -> object:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)
        return handshake(*words)

    made = make(rooms_of(root), network="bridge", ports=(Publish("", 0, 80, "tcp"),))
    monkeypatch.setattr(start, "_handshake", interrupted)
    read, write = os.pipe()

    def work(rooms: Rooms) -> None:
        try:
            rooms.containers.start("box")
        except KeyboardInterrupt:
            os.write(write, b"!")

    assert not _in_a_fork(root, work, 0)[0]
    os.close(write)
    with os.fdopen(read, "rb") as heard:
        assert heard.read() == b"!"
    row = rooms_of(root).containers.get("box")
    assert (row.status, len(rooms_of(root).kept.networks.published(made))) == (Status.RUNNING, 1)
    check_and_clear(root)


def test_ports_of_a_start_whose_front_was_killed_are_given_back_at_the_next_look(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    made = make(rooms_of(root), network="bridge", ports=(Publish("", 0, 80, "tcp"),))
    monkeypatch.setattr(Waiting, "connect", cut)
    assert _in_a_fork(root, lambda rooms: rooms.containers.start("box"), 0)[0]
    rooms = rooms_of(root)
    assert len(rooms.kept.networks.published(made)) == 1
    assert eventually(lambda: rooms.containers.list() and not rooms.kept.networks.published(made))
    check_and_clear(root)


def _launching(container_id: str) -> list[int]:
    """The monitor, and init where there is one by now."""
    found = []
    for entry in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
        with suppress(OSError):
            if container_id.encode() in Path(f"/proc/{entry}/cmdline").read_bytes():
                found.append(entry)
    return found


@pytest.mark.parametrize("victim", ["monitor", "init"])
def test_a_start_whose_processes_are_killed_between_two_steps_fails_and_leaves_nothing(
    root: Path, victim: str
) -> None:
    last = 0
    while True:
        rooms, seen = rooms_of(root), 0
        made = make(rooms)

        def step(_: object, __: object, made: str = made, last: int = last) -> None:
            nonlocal seen
            seen += 1
            if seen == last + 1:
                pids = _launching(made)
                os.kill(pids[0 if victim == "monitor" else -1], signal.SIGKILL)

        try:
            rooms.containers.start(made, on_step=step)
        except LaunchError:
            assert rooms.containers.get(made).status != Status.RUNNING
        else:
            if seen <= last:
                break  # nobody was killed: these were all the steps
            # It was killed when the program had begun, so it did start, and ends.
            assert eventually(partial(has_ended, rooms, made))
        check_and_clear(root)
        last += 1
    check_and_clear(root)
    assert last > 8
