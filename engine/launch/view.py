"""A process that holds a container's files open for a front, and ends with it.

The front sends one document; a descriptor of the root comes back, or words. Mounts live in a mount namespace
of this process alone (or, of a running container, in a copy of one mount that is attached nowhere), so
the host's mount table never changes, and a front that is killed leaves nothing.

    {"kind": "stack", "task": …}              files of a container that does not run, with what is bound there
    {"kind": "alone", "pid": …, "start": …}   the stack of a running one, without what is mounted over it
"""

from __future__ import annotations

import marshal
import os

from . import rootfs, state, unix
from . import syscalls as sys
from .mounts import attach, make_directories, make_filesystem
from .task import Task

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from typing import Any

_MSG_WAITALL = 0x100


def main(socket_fd: int) -> None:
    """Serve one front."""
    sys.prctl(sys.PR_SET_DUMPABLE, 0)
    channel = unix.adopt(socket_fd)
    size = int.from_bytes(channel.recv(8, _MSG_WAITALL), "little")
    document = channel.recv(size, _MSG_WAITALL)
    try:
        root = _open(marshal.loads(document))  # noqa: S302 - our own parent wrote it
    except OSError as error:
        place = f": {os.fsdecode(error.filename)}" if error.filename else ""
        channel.sendall(f"{error.strerror or error}{place}".encode("utf-8", "replace"))
        return
    unix.send_descriptor(channel, root)
    channel.recv(1)  # its end


def _open(asked: dict[str, Any]) -> int:
    if asked["kind"] == "alone":
        return _alone(asked["pid"], asked["start"])
    return _stack(Task.load(asked["task"]))


def _stack(task: Task) -> int:
    sys.unshare(sys.CLONE_NEWNS)
    sys.mount(None, "/", None, sys.MS_REC | sys.MS_PRIVATE)
    binds = [bind for bind in task.binds if os.path.exists(bind.source)]
    # Opened first: a host path may lie where the stack will be.
    trees = rootfs.open_sources(binds)
    # What `volatile` promises is about a running container; the kernel refuses a second such mount.
    task.overlay.options = [option for option in task.overlay.options if option != "volatile"]
    stack = -1
    if task.overlay.program:
        from .fuse import show

        stack = show(task.overlay)
    root = rootfs.mount_overlay(task.overlay, task.places.rootfs, stack)
    if binds:
        # Where a start would have it, so that a link of the image leads no bind into /proc here either.
        attach(_proc(), make_directories(root, "proc", follow=False))
        rootfs.attach_all(root, [bind.target for bind in binds], trees)
    if task.read_only:
        sys.mount_setattr(root, "", sys.MOUNT_ATTR_RDONLY)
    return root


def _alone(pid: int, start: int) -> int:
    namespace = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    # Asked while the descriptor holds the namespace: if it is still the same process, it was its own.
    if state.start_time(pid) != start:
        raise ProcessLookupError(3, "the container has just ended")
    sys.setns(namespace, sys.CLONE_NEWNS)
    os.close(namespace)
    return sys.open_tree(sys.AT_FDCWD, "/", sys.OPEN_TREE_CLONE)


def _proc() -> int:
    try:
        return make_filesystem("proc", attributes=sys.MOUNT_ATTR_RDONLY)
    except PermissionError:
        # Processes of another user namespace are not shown; nothing can be bound there either way.
        return make_filesystem("tmpfs", [("mode", "555")], sys.MOUNT_ATTR_RDONLY)
