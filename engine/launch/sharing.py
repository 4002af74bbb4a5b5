"""Namespaces of other containers, joined by descriptor of their first processes."""

from __future__ import annotations

import os

from . import state
from . import syscalls as sys
from .messages import Failure, Stage
from .walls import Walls

_FLAGS = {
    "pid": sys.CLONE_NEWPID,
    "ipc": sys.CLONE_NEWIPC,
    "uts": sys.CLONE_NEWUTS,
    "net": sys.CLONE_NEWNET,
}


def join_pid(walls: Walls) -> None:
    """Have the next fork be a process of another container's pid namespace, where one is joined."""
    for name, pid, start, _ in walls.joined:
        if name == "pid":
            _join(name, pid, start)


def renew(walls: Walls) -> bool:
    """Find the first processes that the others have by now; False: one has none."""
    for position, (name, _, _, file) in enumerate(walls.joined):
        pid, start = state.first_process(file)
        if not pid or state.start_time(pid) != start:
            return False
        walls.joined[position] = (name, pid, start, file)
    return True


def join_others(walls: Walls) -> int:
    """Join the others; gives a detached mount of the shared memory beside an ipc namespace, or -1."""
    shared_memory = -1
    for name, pid, start, _ in walls.joined:
        if name == "ipc":
            shared_memory = _shared_memory(pid, start)
        if name != "pid":
            _join(name, pid, start)
    return shared_memory


def _join(name: str, pid: int, start: int) -> None:
    namespace = _open(name, pid, start)
    sys.setns(namespace, _FLAGS[name])
    os.close(namespace)


def _open(name: str, pid: int, start: int) -> int:
    try:
        namespace = os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise _gone(name) from None
    # Asked while the descriptor holds the namespace: if it is still the same process, it was its own.
    if state.start_time(pid) != start:
        os.close(namespace)
        raise _gone(name)
    return namespace


def _gone(name: str) -> Failure:
    return Failure(
        Stage.NAMESPACES,
        f"the container whose {name} namespace is shared has ended",
        hint="start it again first",
    )


def _shared_memory(pid: int, start: int) -> int:
    """A copy of the other's /dev/shm, which can only be made from within its mount namespace."""
    own = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    theirs = _open("mnt", pid, start)
    sys.setns(theirs, sys.CLONE_NEWNS)
    try:
        root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        # By descriptor and through no link: the tree is theirs, and they may be changing it.
        place = sys.openat2(
            root, "dev/shm", os.O_PATH | os.O_DIRECTORY, sys.RESOLVE_NO_SYMLINKS | sys.RESOLVE_NO_MAGICLINKS
        )
        os.close(root)
        tree = sys.open_tree(place, "", sys.OPEN_TREE_CLONE | sys.AT_EMPTY_PATH)
        os.close(place)
    finally:
        sys.setns(own, sys.CLONE_NEWNS)
        os.close(own)
        os.close(theirs)
    return tree
