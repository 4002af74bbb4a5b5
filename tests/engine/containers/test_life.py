"""Containers held and let go, started again, renamed, given other limits, and started with the machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from engine.containers.models import ContainerOptions, HealthCheck, Status
from engine.errors import AlreadyExists, Conflict, InvalidArgument
from engine.images.service import ImageService
from engine.rooms import Rooms
from engine.runtime.groups import group_paths
from engine.runtime.policy import parse_policy
from engine.settings import Settings
from engine.store.layout import Layout
from tests.support.small_images import SmallImages
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root", "no_leaks")]


@pytest.fixture
async def image(settings: Settings, small_images: SmallImages) -> str:
    Layout.of(settings).create()
    await ImageService(settings).pull(small_images.base)
    return small_images.base


@pytest.fixture
def rooms(settings: Settings, image: str) -> Iterator[Rooms]:
    rooms = Rooms(settings)
    yield rooms
    for container in rooms.containers.list():
        rooms.containers.remove(container.id, force=True)


def _run(rooms: Rooms, image: str, *command: str, name: str = "box", **options: object) -> str:
    words = command or ("sleep", "1000")
    chosen = ContainerOptions(image=image, command=words, name=name, **options)  # type: ignore[arg-type]
    made = rooms.containers.create(chosen)
    rooms.containers.start(made.id)
    return made.id


def _status(rooms: Rooms, name: str = "box") -> Status:
    return rooms.containers.get(name).status


def _of_another_boot(rooms: Rooms, container_id: str) -> None:
    """Have a container's state look as if the machine had gone down since."""
    state = rooms.layout.container(container_id) / "state"
    state.write_text(json.dumps({**json.loads(state.read_text()), "boot": "the one before"}))


# ---------------------------------------------------------------------- held and let go


def test_a_paused_container_stands_still_until_it_may_go_on(rooms: Rooms, image: str) -> None:
    _run(rooms, image, "sh", "-c", "while :; do echo x >> /ticks; done")
    rooms.life.pause("box")
    assert _status(rooms) is Status.PAUSED
    ticks = rooms.layout.container(rooms.containers.get("box").id) / "upper/ticks"
    size = ticks.stat().st_size
    assert not eventually(lambda: ticks.stat().st_size != size, 0.2)
    rooms.life.unpause("box")
    assert _status(rooms) is Status.RUNNING
    assert eventually(lambda: ticks.stat().st_size != size)


def test_paused_is_what_the_kernel_says_whoever_did_it(rooms: Rooms, image: str) -> None:
    container_id = _run(rooms, image)
    freezer = rooms.kept.state(rooms.kept.records.find(container_id)).freezer
    with open(freezer, "w") as file:
        file.write("1" if freezer.endswith("cgroup.freeze") else "FROZEN")
    assert eventually(lambda: _status(rooms) is Status.PAUSED)


@pytest.mark.parametrize("end", ["stop", "kill", "remove", "restart"])
def test_a_paused_container_can_be_ended(rooms: Rooms, image: str, end: str) -> None:
    # A first process that has no trap yet is deaf to signals from outside its namespace.
    made = _run(rooms, image, "sh", "-c", "trap 'exit 5' TERM; echo > /ready; while :; do sleep 0.05; done")
    assert eventually((rooms.layout.container(made) / "upper/ready").exists)
    rooms.life.pause("box")
    if end == "stop":
        rooms.containers.stop("box", 10)
        assert rooms.containers.get("box").exit_code == 5
    elif end == "kill":
        rooms.containers.kill("box")
        assert eventually(lambda: _status(rooms) is Status.EXITED)
    elif end == "remove":
        rooms.containers.remove("box", force=True)
        assert rooms.containers.list() == []
    else:
        rooms.life.restart("box", 0)
        assert _status(rooms) is Status.RUNNING


def test_what_does_not_run_is_not_paused_and_what_is_not_paused_not_let_go(rooms: Rooms, image: str) -> None:
    rooms.containers.create(ContainerOptions(image=image, command=("true",), name="box"))
    with pytest.raises(Conflict, match="not running"):
        rooms.life.pause("box")
    with pytest.raises(Conflict, match="not paused"):
        rooms.life.unpause("box")


def test_nothing_is_done_inside_a_paused_container(rooms: Rooms, image: str) -> None:
    _run(rooms, image)
    rooms.life.pause("box")
    for refused in (rooms.life.pause, rooms.containers.start, rooms.containers.attach, rooms.kept.running):
        with pytest.raises(Conflict, match="is paused"):
            refused("box")
    with pytest.raises(Conflict, match="is paused"):
        rooms.containers.remove("box")


def test_a_paused_container_dies_with_its_monitor_and_leaves_no_group(rooms: Rooms, image: str) -> None:
    container_id = _run(rooms, image)
    rooms.life.pause("box")
    state = rooms.kept.state(rooms.kept.records.find("box"))
    state.monitor.signal(signal.SIGKILL)
    assert eventually(lambda: _status(rooms) is Status.DEAD)
    assert eventually(lambda: not state.init.alive)
    assert eventually(lambda: not any(map(os.path.exists, group_paths(container_id))))


# ---------------------------------------------------------------------- started again


def test_what_a_person_stops_stays_stopped(rooms: Rooms, image: str) -> None:
    _run(rooms, image, "sh", "-c", "sleep 0.02; exit 1", restart=parse_policy("always"))
    assert eventually(lambda: rooms.containers.get("box").restarts > 1)
    rooms.containers.stop("box")
    assert _status(rooms) is Status.EXITED
    assert not eventually(lambda: _status(rooms) is not Status.EXITED, 1)


def test_a_container_that_waits_for_its_next_start_can_be_removed(rooms: Rooms, image: str) -> None:
    _run(rooms, image, "false", restart=parse_policy("always"))
    assert eventually(lambda: rooms.containers.get("box").restarts > 3)
    assert eventually(lambda: _status(rooms) is Status.RESTARTING)
    with pytest.raises(Conflict, match="is restarting"):
        rooms.containers.remove("box")
    rooms.containers.remove("box", force=True)
    assert rooms.containers.list() == []


def test_a_signal_that_is_no_wish_to_end_it_lets_it_be_restarted(rooms: Rooms, image: str) -> None:
    _run(rooms, image, "sh", "-c", "trap 'exit 1' HUP; while :; do sleep 0.05; done",
        restart=parse_policy("on-failure"))  # fmt: skip
    before = rooms.containers.get("box").pid

    def hang_up() -> int:
        rooms.containers.kill("box", "HUP")  # before the shell has set its trap, it is deaf to it
        return rooms.containers.get("box").restarts

    assert eventually(hang_up)
    assert eventually(lambda: _status(rooms) is Status.RUNNING and rooms.containers.get("box").pid != before)


def test_its_policy_can_be_changed_while_it_runs(rooms: Rooms, image: str) -> None:
    _run(rooms, image, "sh", "-c", "sleep 0.05; exit 1", restart=parse_policy("always"))
    rooms.life.update("box", {}, parse_policy("no"))
    assert eventually(lambda: _status(rooms) is Status.EXITED)


def test_a_restart_by_a_person_is_told_and_begins_the_count_anew(rooms: Rooms, image: str) -> None:
    _run(rooms, image)
    before = rooms.containers.get("box").pid
    rooms.life.restart("box", 0)
    after = rooms.containers.get("box")
    assert (after.status, after.restarts, after.pid != before) == (Status.RUNNING, 0, True)
    assert [event.action for event in rooms.journal.read()][-3:] == ["die", "start", "restart"]


def test_one_that_is_removed_when_it_ends_outlives_a_restart(rooms: Rooms, image: str) -> None:
    _run(rooms, image, auto_remove=True)
    rooms.life.restart("box", 0)
    assert not eventually(lambda: not rooms.containers.list(), 0.5)
    rooms.containers.stop("box", 0)
    assert eventually(lambda: not rooms.containers.list())


def test_restarts_and_rm_exclude_each_other(rooms: Rooms, image: str) -> None:
    with pytest.raises(InvalidArgument, match="--restart"):
        _run(rooms, image, auto_remove=True, restart=parse_policy("always"))


@pytest.mark.parametrize("verb", ["restart", "pause", "update"])
def test_a_front_killed_at_any_moment_leaves_a_state_that_is_true(
    rooms: Rooms, image: str, settings: Settings, verb: str
) -> None:
    _run(rooms, image)
    words = {
        "restart": ["restart", "-t", "0"],
        "pause": ["pause"],
        "update": ["update", "--pids-limit", "99"],
    }
    for wait in (0.1, 0.15, 0.2, 0.3):
        command = [sys.executable, "-m", "engine.cli", "--root", str(settings.root), *words[verb], "box"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as front:
            try:
                front.wait(wait)
            except subprocess.TimeoutExpired:
                front.kill()
        # The monitor may be at it just now: what it has done and what is said of it agree when it is done.
        assert eventually(lambda: _is_true(rooms))
        if _status(rooms) is Status.PAUSED:
            rooms.life.unpause("box")
        rooms.containers.start("box")
    assert eventually(lambda: _status(rooms) is Status.RUNNING)


_HALF_A_START = """
import os, pathlib, signal, sys
from engine.rooms import Rooms
from engine.settings import Settings

def leave(*_):
    monitor = next(
        int(entry.name) for entry in pathlib.Path("/proc").iterdir()
        if entry.name.isdigit() and box.encode() in (entry / "cmdline").read_bytes()
    )
    os.kill(monitor, signal.SIGSTOP)
    print(monitor, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

rooms = Rooms(Settings(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
box = rooms.containers.get("box").id
rooms.containers.start(box, on_step=leave)
"""


def test_a_start_waits_for_what_becomes_of_one_whose_front_was_killed(
    rooms: Rooms, image: str, settings: Settings
) -> None:
    rooms.containers.create(ContainerOptions(image=image, command=("sleep", "1000"), name="box"))
    words = [sys.executable, "-c", _HALF_A_START, str(settings.root), str(settings.run)]
    front = subprocess.run(words, check=False, stdout=subprocess.PIPE)
    assert front.returncode == -signal.SIGKILL
    # Its monitor, which has made control groups and finds that nobody wants more, comes to clear up late.
    late = threading.Timer(0.5, os.kill, (int(front.stdout), signal.SIGCONT))
    late.start()
    rooms.containers.start("box")
    late.join()
    assert not eventually(lambda: _status(rooms) is not Status.RUNNING, 1)


def _is_true(rooms: Rooms) -> bool:
    """Whether the container is said to run exactly when its first process lives."""
    said = _status(rooms) in (Status.RUNNING, Status.PAUSED)
    return rooms.kept.state(rooms.kept.records.find("box")).init.alive == said


# ---------------------------------------------------------------------- names and limits


def test_a_running_container_is_renamed_and_its_end_told_by_the_new_name(rooms: Rooms, image: str) -> None:
    _run(rooms, image)
    rooms.life.rename("box", "other")
    rooms.containers.stop("other", 0)
    # Its monitor tells of the end once the state says so.
    assert eventually(lambda: [event for event in rooms.journal.read() if event.action == "die"])
    died = [event for event in rooms.journal.read() if event.action == "die"]
    assert died[-1].attributes["name"] == "other"


def test_a_name_that_is_taken_or_none_is_refused(rooms: Rooms, image: str) -> None:
    for name in ("box", "other"):
        rooms.containers.create(ContainerOptions(image=image, command=("true",), name=name))
    with pytest.raises(AlreadyExists):
        rooms.life.rename("box", "other")
    with pytest.raises(InvalidArgument):
        rooms.life.rename("box", "no name")


def _limit(container_id: str, *names: str) -> str:
    for path in group_paths(container_id):
        for name in names:
            if os.path.exists(os.path.join(path, name)):
                with open(os.path.join(path, name)) as file:
                    return file.read().strip()
    pytest.skip(f"no control group here has {names}")


def test_limits_change_while_it_runs_up_and_down_and_are_lifted(rooms: Rooms, image: str) -> None:
    container_id = _run(rooms, image)
    for size in (64 << 20, 256 << 20, 32 << 20):
        rooms.life.update("box", {"memory": size, "pids": 77})
        assert _limit(container_id, "memory.limit_in_bytes", "memory.max") == str(size)
        assert _limit(container_id, "pids.max") == "77"
    rooms.life.update("box", {"memory": 0, "pids": 0})
    assert _limit(container_id, "pids.max") == "max"
    rooms.life.update("box", {"memory": 64 << 20})
    rooms.life.restart("box", 0)
    assert _limit(container_id, "memory.limit_in_bytes", "memory.max") == str(64 << 20)


def test_changed_limits_outlive_a_restart_by_the_monitor(rooms: Rooms, image: str) -> None:
    container_id = _run(rooms, image, "sh", "-c", "sleep 0.1; exit 1", restart=parse_policy("always"))
    rooms.life.update("box", {"pids": 55})
    lives = rooms.containers.get("box").restarts
    assert eventually(lambda: rooms.containers.get("box").restarts > lives)
    assert _limit(container_id, "pids.max") == "55"


def test_limits_that_cannot_be_meant_change_nothing(rooms: Rooms, image: str) -> None:
    _run(rooms, image)
    with pytest.raises(InvalidArgument):
        rooms.life.update("box", {"pids": 50, "memory": 1})
    assert rooms.kept.records.find("box").config.resources.pids == 0


# ---------------------------------------------------------------------- with the machine


@pytest.mark.parametrize(
    ("policy", "stopped", "runs"),
    [
        ("always", False, True),
        ("always", True, True),
        ("unless-stopped", False, True),
        ("unless-stopped", True, False),
        ("on-failure", False, False),
        ("no", False, False),
    ],
)
def test_what_runs_after_a_start_of_the_machine(
    rooms: Rooms, image: str, policy: str, stopped: bool, runs: bool
) -> None:
    container_id = _run(rooms, image, restart=parse_policy(policy))
    if stopped:
        rooms.containers.stop("box", 0)
    else:
        rooms.boot.down()
    assert _status(rooms) is Status.EXITED
    _of_another_boot(rooms, container_id)
    assert [booted.name for booted in rooms.boot.up()] == ["box"] * runs
    assert (_status(rooms) is Status.RUNNING) is runs


def test_what_ran_when_the_power_failed_is_shown_as_ended_and_started(rooms: Rooms, image: str) -> None:
    container_id = _run(rooms, image, restart=parse_policy("unless-stopped"))
    rooms.kept.state(rooms.kept.records.find("box")).monitor.signal(signal.SIGKILL)
    assert eventually(lambda: _status(rooms) is Status.DEAD)
    _of_another_boot(rooms, container_id)
    lost = rooms.containers.get("box")
    assert (lost.status, lost.exit_code) == (Status.EXITED, 255)
    rooms.boot.up()
    assert _status(rooms) is Status.RUNNING


def test_nothing_is_started_twice_with_the_machine(rooms: Rooms, image: str) -> None:
    container_id = _run(rooms, image, restart=parse_policy("always"))
    rooms.boot.down()
    _of_another_boot(rooms, container_id)
    threads = [threading.Thread(target=rooms.boot.up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rooms.containers.stop("box", 0)
    assert rooms.boot.up() == []
    starts = [event for event in rooms.journal.read() if event.action == "start"]
    assert len(starts) == 2


def test_what_was_never_started_is_not_started_with_the_machine(rooms: Rooms, image: str) -> None:
    rooms.containers.create(
        ContainerOptions(image=image, command=("true",), name="box", restart=parse_policy("always"))
    )
    assert rooms.boot.up() == []


# ---------------------------------------------------------------------- health and prune


def test_health_is_asked_shown_and_inspected(rooms: Rooms, image: str) -> None:
    check = HealthCheck(("CMD-SHELL", "echo fine"), interval=0.05)
    _run(rooms, image, health=check)
    assert eventually(lambda: rooms.containers.get("box").health == "healthy")
    shown = rooms.containers.inspect("box")
    assert shown["State"]["Health"]["Status"] == "healthy"
    assert shown["State"]["Health"]["Log"][-1]["Output"] == "fine\n"
    assert shown["Config"]["Healthcheck"]["Interval"] == 50_000_000
    rooms.life.pause("box")
    assert rooms.containers.get("box").health == "healthy"


def test_prune_removes_what_does_not_run_and_fits(rooms: Rooms, image: str) -> None:
    _run(rooms, image)
    for name in ("one", "two"):
        made = ContainerOptions(image=image, command=("true",), name=name, labels={"keep": name})
        rooms.containers.create(made)
    pruned = rooms.life.prune(lambda found: found.labels.get("keep") != "two")
    assert len(pruned.containers) == 1
    assert {found.name for found in rooms.containers.list()} == {"box", "two"}
