"""What a test left behind: processes that still have to do with its store, and mounts inside it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.linux.rtnetlink import Routing
from tests.support.mounts import mount_points_under, unmount_under
from tests.support.waiting import PATIENCE, eventually


@dataclass(frozen=True, slots=True)
class LeftProcess:
    """A process that names the store, holds a file of it open, stands in it, or has it mounted."""

    pid: int
    why: str
    command: str

    def __str__(self) -> str:
        return f"process {self.pid} ({self.why}): {self.command}"


def processes_of(root: Path) -> list[LeftProcess]:
    """Every process but this one and its ancestors that has to do with a store."""
    own = _self_and_ancestors()
    found = (
        _look(int(entry), root) for entry in os.listdir("/proc") if entry.isdigit() and int(entry) not in own
    )
    return [process for process in found if process is not None]


def files_of(root: Path) -> set[str]:
    """What a store has of containers, networks and volumes."""
    places = ("containers", "volumes", "run/containers")
    found = {
        f"{place}/{name}" for place in places if (root / place).is_dir() for name in os.listdir(root / place)
    }
    return found | {name for name in os.listdir(root / "locks") if name.startswith("resolver-")}


@contextlib.contextmanager
def scratch_store(grace: float = PATIENCE) -> Iterator[Path]:
    """A place for a store, its path short enough for sockets; fails the test that leaves anything behind.

    :param grace: seconds in which processes have to end.
    """
    root = Path(tempfile.mkdtemp(prefix="lm-", dir="/var/tmp"))
    try:
        yield root
    finally:
        left = _clear(root, grace)
    if left:
        pytest.fail("left behind:\n  " + "\n  ".join(left), pytrace=False)


def _clear(root: Path, grace: float) -> list[str]:
    eventually(lambda: not processes_of(root), grace, every=0.05)
    processes = processes_of(root)
    mounts = mount_points_under(root)
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    eventually(lambda: not processes_of(root), every=0.05)
    unmount_under(root)
    _take_down_networks(root)
    shutil.rmtree(root)
    return [str(process) for process in processes] + [f"mount {point}" for point in mounts]


def _take_down_networks(root: Path) -> None:
    """Remove the bridges of a store that ran containers on networks."""
    database = root / "lamina.db"
    if not database.exists() or os.geteuid() != 0:
        return
    with contextlib.closing(sqlite3.connect(database)) as db, contextlib.suppress(sqlite3.Error):
        db.execute("DELETE FROM endpoints")
        networks = db.execute("SELECT bridge, id FROM networks").fetchall()
        for bridge, network_id in networks:
            with Routing() as routing:
                link = routing.link(bridge)
                if link is not None and network_id in link.alias:
                    routing.delete(bridge)


def _look(pid: int, root: Path) -> LeftProcess | None:
    place = Path("/proc", str(pid))
    try:
        words = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        why = _tie(place, words, root)
    except OSError:  # it ended while we looked (then mountinfo is "Invalid argument"), or is not ours
        return None
    return LeftProcess(pid, why, words[:200]) if why else None


def _tie(place: Path, words: str, root: Path) -> str:
    name = str(root)
    if name in words:
        return "names it"
    if _within(os.readlink(place / "cwd"), name):
        return "stands in it"
    for descriptor in os.listdir(place / "fd"):
        with contextlib.suppress(FileNotFoundError):
            file = os.readlink(place / "fd" / descriptor)
            if _within(file, name):
                return f"holds {file} open, waits in {_where(place)}"
    if os.readlink(place / "ns/mnt") != os.readlink("/proc/self/ns/mnt") and f"{name}/" in (
        place / "mountinfo"
    ).read_text("utf-8", "surrogateescape"):
        return "has it mounted"
    return ""


def _where(place: Path) -> str:
    """What a process is doing in the kernel, from the innermost call outwards. proc_pid_stack(5)"""
    try:
        calls = (place / "stack").read_text("ascii").splitlines()
    except OSError:  # not ours to see
        return "?"
    return " < ".join(call.split()[1].partition("+")[0] for call in calls[:4])


def _within(path: str, directory: str) -> bool:
    return path == directory or path.startswith(f"{directory}/")


def _self_and_ancestors() -> frozenset[int]:
    found = set()
    pid = os.getpid()
    while pid > 0:
        found.add(pid)
        # proc_pid_stat(5): the parent is the second field after the name, which may hold spaces and brackets.
        pid = int(Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[1])
    return frozenset(found)
