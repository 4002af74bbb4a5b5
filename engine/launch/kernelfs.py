"""What the kernel shows in a container: /proc, /sys, /dev and its control groups, with Docker's flags."""

from __future__ import annotations

import errno
import os
import stat

from . import syscalls as sys
from .messages import Failure, Stage
from .mounts import attach, make_directories, make_filesystem, open_strict
from .walls import Node, Walls

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from .cgroups import Group

_QUIET = sys.MOUNT_ATTR_NOSUID | sys.MOUNT_ATTR_NODEV | sys.MOUNT_ATTR_NOEXEC
_DEVICES = {
    "null": (1, 3),
    "zero": (1, 5),
    "full": (1, 7),
    "random": (1, 8),
    "urandom": (1, 9),
    "tty": (5, 0),
}
_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "core": "/proc/kcore",
    "ptmx": "pts/ptmx",
}


def mount_proc_and_dev(root: int, walls: Walls, shared_memory: int = -1) -> None:
    """Mount /proc and /dev below the root of a descriptor. A link in their place is refused.

    :param shared_memory: descriptor of a detached mount that becomes /dev/shm; -1 for one of its own.
    """
    # The host's own are cloned before anything of the container's lies over a path of the host.
    host_ipc = _clone_host_ipc() if "ipc" in walls.shared else {}
    if shared_memory >= 0:
        host_ipc["shm"] = shared_memory
    _place(root, "proc", make_filesystem("proc", attributes=_QUIET))
    times = sys.MOUNT_ATTR_NOSUID | sys.MOUNT_ATTR_STRICTATIME
    dev = make_filesystem("tmpfs", [("mode", "755"), ("size", "65536k")], times)
    _fill_dev(dev)  # first: what stands there stays, though the host has a device of the name
    nodes = [Node(f"/dev/{name}", "c", *numbers, 0o666, 0, 0) for name, numbers in _DEVICES.items()]
    refused = [node for node in [*nodes, *walls.nodes] if not _make_node(dev, node)]
    _place(root, "dev", os.dup(dev))
    for node in refused:
        _show_node(dev, node)
    os.close(dev)
    _place(root, "dev/pts", _devpts())
    _place(root, "dev/mqueue", host_ipc.get("mqueue") or make_filesystem("mqueue", attributes=_QUIET))
    _place(root, "dev/shm", host_ipc.get("shm") or _shm(walls.shm_size))


def mount_sysfs(root: int, walls: Walls) -> None:
    """Mount /sys there, of the network that the caller is in, with the container's control groups in it."""
    read_only = 0 if walls.writable else sys.MOUNT_ATTR_RDONLY
    shown = [group for group in walls.groups if group.shown]
    groups = [(group, sys.open_tree(sys.AT_FDCWD, group.path, sys.OPEN_TREE_CLONE)) for group in shown]
    _place(root, "sys", _sysfs(_QUIET | read_only))
    _show_groups(root, groups, read_only)


def _place(root: int, path: str, mounted: int) -> None:
    attach(mounted, make_directories(root, path, follow=False))


def _sysfs(attributes: int) -> int:
    try:
        return make_filesystem("sysfs", attributes=attributes)
    except PermissionError:
        # Of a network namespace that belongs to another user namespace: the host's own, never to be written.
        tree = sys.open_tree(sys.AT_FDCWD, "/sys", sys.OPEN_TREE_CLONE | sys.AT_RECURSIVE)
        sys.mount_setattr(tree, "", sys.MOUNT_ATTR_RDONLY, recursive=True)
        return tree


def _devpts() -> int:
    options = [("newinstance", ""), ("ptmxmode", "0666"), ("mode", "0620")]
    attributes = _QUIET & ~sys.MOUNT_ATTR_NODEV
    try:
        return make_filesystem("devpts", [*options, ("gid", "5")], attributes)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return make_filesystem("devpts", options, attributes)  # a user namespace without a group 5


def _shm(size: int) -> int:
    return make_filesystem("tmpfs", [("mode", "1777"), ("size", str(size))], _QUIET, "shm")


def _clone_host_ipc() -> dict[str, int]:
    """The host's shared memory and message queues, for a container in the host's ipc namespace."""
    found = {}
    for name in ("shm", "mqueue"):
        try:
            found[name] = sys.open_tree(sys.AT_FDCWD, f"/dev/{name}", sys.OPEN_TREE_CLONE)
        except FileNotFoundError:
            continue
    return found


def _show_groups(root: int, groups: list[tuple[Group, int]], read_only: int) -> None:
    """The container's own groups, and nothing above them."""
    if not groups:
        return
    for _, tree in groups:
        sys.mount_setattr(tree, "", _QUIET | read_only)
    whole = [tree for group, tree in groups if group.shown == [""]]
    if whole:
        _place(root, "sys/fs/cgroup", whole[0])
        return
    top = make_filesystem("tmpfs", [("mode", "755")], _QUIET)
    for group, _ in groups:
        name, *links = group.shown
        os.mkdir(name, 0o755, dir_fd=top)
        for link in links:
            os.symlink(name, link, dir_fd=top)
    sys.mount_setattr(top, "", sys.MOUNT_ATTR_RDONLY)
    _place(root, "sys/fs/cgroup", top)
    for group, tree in groups:
        attach(tree, open_strict(root, f"sys/fs/cgroup/{group.shown[0]}", os.O_PATH | os.O_DIRECTORY))


def _fill_dev(dev: int) -> None:
    for name, target in _LINKS.items():
        # As runc: no kernel's memory, no link to it.
        if name != "core" or os.path.exists(target):
            os.symlink(target, name, dir_fd=dev)
    for name in ("pts", "mqueue", "shm"):
        os.mkdir(name, dir_fd=dev)


def _make_node(dev: int, node: Node) -> bool:
    """A device in a tmpfs that is still ours alone, so that its path can hold no surprise.

    :returns: False inside a user namespace, where nobody makes devices; an empty file stands there then.
    """
    path = node.path.removeprefix("/dev/")
    directory, name = os.path.split(path)
    parent = make_directories(dev, directory)
    kind = stat.S_IFBLK if node.kind == "b" else stat.S_IFCHR
    try:
        os.mknod(name, kind | node.mode, os.makedev(node.major, node.minor), dir_fd=parent)
        if node.uid or node.gid:
            os.chown(name, node.uid, node.gid, dir_fd=parent, follow_symlinks=False)
    except FileExistsError:
        pass  # one that every container has
    except PermissionError:
        os.close(os.open(name, os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666, dir_fd=parent))
        return False
    finally:
        os.close(parent)
    return True


def _show_node(dev: int, node: Node) -> None:
    """The host's own device in place of the empty file; once /dev is mounted, as older kernels want it."""
    source = sys.open_tree(sys.AT_FDCWD, node.path, sys.OPEN_TREE_CLONE)
    status = os.fstat(source)
    if status.st_rdev != os.makedev(node.major, node.minor):
        os.close(source)
        raise OSError(errno.ENODEV, "the host has another device there", node.path)
    attach(source, open_strict(dev, node.path.removeprefix("/dev/"), os.O_PATH))


def set_sysctls(root: int, sysctls: list[tuple[str, str, bool]]) -> None:
    """Write settings of the container's namespaces, while /proc/sys can still be written.

    :raises Failure: the kernel does not take one that was asked for; names it.
    """
    for name, value, needed in sysctls:
        try:
            file = open_strict(root, "proc/sys/" + name.replace(".", "/"), os.O_WRONLY)
            try:
                os.write(file, value.encode())
            finally:
                os.close(file)
        except OSError as error:
            if not needed and error.errno in (errno.ENOENT, errno.EACCES, errno.EINVAL):
                continue
            raise Failure(
                Stage.KERNEL_FILESYSTEMS, f"--sysctl {name}={value}: {error.strerror}", errno=error.errno or 0
            ) from error
