"""After something was killed: what is said of containers is so, and with them goes all that they left."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from engine.containers.models import ContainerOptions, Status
from engine.errors import NotFound
from engine.launch.state import start_time
from engine.rooms import Rooms
from engine.runtime.groups import group_paths
from engine.settings import load_settings
from engine.upkeep import Upkeep
from tests.support.leaks import processes_of
from tests.support.waiting import eventually

_EXITING = 0x4  # PF_EXITING, linux/sched.h
_SHOWN = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done"


def rooms_of(root: Path) -> Rooms:
    """The engine's rooms as another process finds them."""
    return Rooms(load_settings(root))


def make(rooms: Rooms, **more: Any) -> str:
    """A container, named box, that ends with 7 when it is asked to. :param more: of ContainerOptions."""
    options = ContainerOptions("lab/base", ("sh", "-c", _SHOWN), name="box", stop_timeout=5, **more)
    return rooms.containers.create(options).id


def check_and_clear(root: Path) -> None:
    """What is said is so; a container that runs can be ended as ever; and nothing is left."""
    rooms = rooms_of(root)
    ids = [entry.name for entry in rooms.layout.containers.iterdir()]
    # What its front waited for may be on its way still, the word of an end too; what it held is let go.
    assert eventually(lambda: _is_settled(rooms))
    for row in rooms.containers.list():
        if row.status == Status.RUNNING:
            assert exit_code(rooms, row.id) == 7
        else:
            assert not processes_of(rooms.layout.container(row.id))
        rooms.containers.remove(row.id, force=True)
    assert eventually(lambda: not processes_of(root))
    _age(rooms.layout.containers)
    Upkeep(rooms).prune(volumes=True)
    with suppress(NotFound):
        rooms.images.remove("made:1")
    assert list(rooms.layout.containers.iterdir()) == []
    assert [path for one in ids for path in group_paths(one) if os.path.exists(path)] == []
    with closing(sqlite3.connect(root / "lamina.db")) as db:
        tables = ("containers", "endpoints", "ports", "volume_uses")
        assert [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables] == [0] * 4


def _is_settled(rooms: Rooms) -> bool:
    return all(
        start_time(row.pid) and not _is_dying(row.pid)
        if row.status == Status.RUNNING
        else not processes_of(rooms.layout.container(row.id))
        for row in rooms.containers.list()
    )


def has_ended(rooms: Rooms, name: str) -> bool:
    """Whether it is said not to run."""
    return rooms.containers.get(name).status != Status.RUNNING


def exit_code(rooms: Rooms, name: str) -> int | None:
    """What one ends with that is asked to."""
    # In a life before this one it may have printed that it is ready, too.
    assert eventually(lambda: _hears(rooms.containers.get(name).pid, signal.SIGTERM))
    rooms.containers.stop(name)
    return rooms.containers.get(name).exit_code


def _is_dying(pid: int) -> bool:
    """Whether a process has been sent SIGKILL, as a front may do last, but has not ended. proc_pid_stat(5)"""
    try:
        pending = _signals(pid, "SigPnd") | _signals(pid, "ShdPnd")
        flags = int(Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[6])
    except (OSError, IndexError):
        return True
    return bool(pending >> signal.SIGKILL - 1 & 1 or flags & _EXITING)


def _hears(pid: int, number: int) -> bool:
    """Whether a process handles a signal; one that has ended needs to hear nothing. proc_pid_status(5)"""
    try:
        return bool(_signals(pid, "SigCgt") >> number - 1 & 1)
    except (OSError, IndexError):
        return True


def _signals(pid: int, name: str) -> int:
    """A set of signals of a process, bit by bit."""
    text = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    return int(text.partition(f"{name}:")[2].split()[0], 16)


def _age(directory: Path) -> None:
    """What is new is not taken for left."""
    for entry in directory.iterdir():
        os.utime(entry, (0, 0))
