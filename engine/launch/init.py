"""The container's first process, from fork to exec.

The order matters: namespaces before mounts (so that the host never sees one), overlay before pivot,
masks after all mounts (so that nothing is mounted over them), groups before user, user before
capabilities, the filter of system calls last. From `pivot` on only system calls happen: nothing is imported
any more, because whatever Python would load now could come from the image.
"""

from __future__ import annotations

import fcntl
import os
import struct

from . import cgroups, limits, rootfs, unix
from . import syscalls as sys
from .identity import resolve
from .kernelfs import mount_proc_and_dev, mount_sysfs, set_sysctls
from .messages import Failure, Reporter, Stage
from .mounts import make_directories
from .privileges import drop_privileges
from .program import enter_directory, execute, own_streams, reset_process, tell_failure
from .sharing import join_others
from .task import Task
from .terminal import open_terminal

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1

_HINTS = {
    Stage.OVERLAY: "lamina info says what this machine's kernel offers",
    Stage.BINDS: "check that the host's path exists and the target is of the same kind",
    Stage.IDENTITY: "name a user that the image has, or a number: -u UID[:GID]",
}


def run(task: Task, report_fd: int, channel_fd: int, in_unified: bool = False, pausing: bool = False) -> None:
    """Become the container's program. Never returns.

    :param report_fd: where steps and a failure are told; closed by exec, which is how success is told.
    :param channel_fd: a socket by which the network comes, and the terminal's master end goes.
    :param in_unified: this process is in its control group of version 2 already.
    :param pausing: a byte is awaited after each step.
    """
    reporter = Reporter(report_fd, needed=True, pausing=pausing)

    def become() -> None:
        reporter.begin(Stage.CGROUPS)
        cgroups.join(task.walls.groups, in_unified)
        _become(task, reporter, channel_fd)

    tell_failure(reporter, become, _HINTS)


def _become(task: Task, reporter: Reporter, channel_fd: int) -> None:
    os.umask(0)
    os.setsid()
    limits.set_oom_score(task.program.oom_score)
    root = _build_root(task, reporter, channel_fd, *_leave_namespaces(task, reporter))
    if task.network == "none":
        reporter.begin(Stage.LOOPBACK)
        _raise_loopback()
        reporter.step("its own loopback interface", "ip link set lo up")
    if "uts" not in task.walls.of_others:
        reporter.begin(Stage.HOSTNAME)
        sys.sethostname(task.hostname)
        if task.walls.domain:
            sys.setdomainname(task.walls.domain)
        reporter.step(f"host name {task.hostname}", f"hostname {task.hostname}")

    reporter.begin(Stage.IDENTITY)
    identity = resolve(root, task.program.user, task.program.groups)
    # By descriptor and without magic links: a WORKDIR of /proc/self/fd/N must not lead to the host.
    enter_directory(make_directories(root, task.program.workdir), task.program.workdir)
    if task.program.tty:
        reporter.begin(Stage.TERMINAL)
        open_terminal(root, channel_fd, identity.uid, task.program.size)
        reporter.step("a terminal from the container's own /dev/pts")
    else:
        own_streams(identity.uid)
    os.close(root)
    reset_process()
    limits.apply(task.program.limits)
    drop_privileges(task.program, identity, reporter)
    reporter.begin(Stage.EXEC)
    # Fails when the monitor is gone already, before the signal of its death was asked for.
    reporter.flush()
    execute(task.program, identity, reporter)


_NAMESPACES = {
    "uts": sys.CLONE_NEWUTS,
    "ipc": sys.CLONE_NEWIPC,
    "cgroup": sys.CLONE_NEWCGROUP,
    "net": sys.CLONE_NEWNET,
}


def _leave_namespaces(task: Task, reporter: Reporter) -> tuple[dict[int, int], int]:
    """New namespaces, or those of others; what was opened before: linked binds, another's shared memory."""
    reporter.begin(Stage.NAMESPACES)
    shared_memory = join_others(task.walls)
    shared = task.walls.of_others if task.network == "none" else [*task.walls.of_others, "net"]
    left = [name for name in _NAMESPACES if name not in shared]
    sys.unshare(sys.CLONE_NEWNS | sum(_NAMESPACES[name] for name in left))
    linked = rootfs.open_linked(task.binds)
    # Private first: until then a mount made here would show on the host.
    sys.mount(None, "/", None, sys.MS_REC | sys.MS_PRIVATE)
    first = [] if "pid" in shared else ["pid"]
    options = " ".join(f"--{name}" for name in [*first, "mount", *left])
    reporter.step(
        ", ".join([*first, "mount", *left]) + " namespaces", f"unshare --fork {options} --propagation private"
    )
    return linked, shared_memory


def _build_root(
    task: Task, reporter: Reporter, channel_fd: int, linked: dict[int, int], shared_memory: int
) -> int:
    overlay, places = task.overlay, task.places
    # A host path may lie where the container's overlay will be; open it before anything is mounted.
    reporter.begin(Stage.BINDS)
    targets = [bind.target for bind in task.binds] + [memory.target for memory in task.walls.memory]
    trees = rootfs.open_sources(task.binds, linked) + rootfs.make_memory(task.walls.memory)
    reporter.begin(Stage.OVERLAY)
    root = rootfs.mount_overlay(overlay, places.rootfs, task.stack)
    shown = (
        f"{len(overlay.lowers)} lower directories, one upper" if overlay.lowers else "a copy of the layers"
    )
    reporter.step(shown, f"{overlay.command} {places.rootfs}")
    reporter.begin(Stage.KERNEL_FILESYSTEMS)
    mount_proc_and_dev(root, task.walls, shared_memory)
    reporter.step("proc, devices, devpts, mqueue, shm", "mount -t proc proc rootfs/proc; …")
    if task.network == "joined":
        # As late as can be, for it is being made meanwhile; /sys shows that of whoever mounts it.
        reporter.begin(Stage.NETWORK)
        _join_network(channel_fd)
        reporter.step("the network namespace that was made for it meanwhile", "nsenter --net=…")
    reporter.begin(Stage.SYSFS)
    mount_sysfs(root, task.walls)
    writable = task.walls.writable
    reporter.step(
        f"sysfs {'(writable)' if writable else '(read-only)'} and its control groups",
        f"mount -t sysfs {'' if writable else '-o ro '}sysfs rootfs/sys; …",
    )
    reporter.begin(Stage.BINDS)
    rootfs.attach_all(root, targets, trees)
    commands = [f"mount --bind {bind.source} rootfs{bind.target}" for bind in task.binds]
    commands += [f"mount -t tmpfs tmpfs rootfs{memory.target}" for memory in task.walls.memory]
    reporter.step(", ".join(targets), "; ".join(commands))
    reporter.begin(Stage.ROOT)
    if task.program.workdir != "/":
        os.close(make_directories(root, task.program.workdir))
    if task.read_only:
        sys.mount_setattr(root, "", sys.MOUNT_ATTR_RDONLY)
    rootfs.pivot(root)
    reporter.step("the stack is the root, the host's tree is gone", "pivot_root . . && umount -l .")
    set_sysctls(root, task.walls.sysctls)
    reporter.begin(Stage.MASKS)
    rootfs.mask(root, task.masked)
    rootfs.protect(root, task.read_only_paths)
    reporter.step(f"{len(task.masked)} paths hidden, {len(task.read_only_paths)} read-only")
    return root


def _join_network(channel_fd: int) -> None:
    channel = unix.adopt(channel_fd)
    namespace = unix.receive_descriptor(channel)
    channel.detach()
    if namespace < 0:
        raise Failure(Stage.NETWORK, "no network came")
    sys.setns(namespace, sys.CLONE_NEWNET)
    os.close(namespace)


def _raise_loopback() -> None:
    control = unix.control_socket()
    request = struct.pack("16sh14x", b"lo", 0)
    _, flags = struct.unpack("16sh14x", fcntl.ioctl(control, _SIOCGIFFLAGS, request))
    fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))
    control.close()
