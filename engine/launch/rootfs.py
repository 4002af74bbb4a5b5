"""The container's root: the overlay of its layers, what is mounted into it, and what is hidden."""

from __future__ import annotations

import errno
import os
import posixpath
import stat

from . import syscalls as sys
from .mounts import attach, clone_tree, make_filesystem, open_strict, open_target
from .task import Bind, Overlay
from .walls import Memory

_PAGE = 4096  # bytes; the old mount call takes no more than a page of options
# What tools like lxcfs put their own in place of (runc: libcontainer/rootfs_linux.go, checkProcMount).
_REPLACEABLE = frozenset(
    ["/proc"]
    + [
        f"/proc/{name}"
        for name in "cpuinfo diskstats meminfo stat swaps uptime loadavg slabinfo net/dev".split()
    ]
)
_QUIET = sys.MOUNT_ATTR_NOSUID | sys.MOUNT_ATTR_NODEV | sys.MOUNT_ATTR_NOEXEC


def mount_overlay(overlay: Overlay, rootfs: str, stack: int = -1) -> int:
    """Mount the stack at `rootfs` and give a descriptor of its root.

    :param stack: a descriptor of it, where a program shows it (`fuse.show`).

    Kernels from 6.7 take each lower directory as an option of its own; older ones want all in one
    page, which a stack of 60 layers fills: see `mount_overlay_in_a_page`.
    """
    if not overlay.lowers:
        stack = sys.open_tree(sys.AT_FDCWD, overlay.upper, sys.OPEN_TREE_CLONE)
    if stack >= 0:
        attach(stack, os.open(rootfs, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
        return os.open(rootfs, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    base, lowers, upper, work = _relative(overlay)
    os.chdir(base)
    options = [("lowerdir+", lower) for lower in lowers]
    options += [("upperdir", upper), ("workdir", work)]
    for option in overlay.options:
        key, _, value = option.partition("=")
        options.append((key, value))
    try:
        mounted = make_filesystem("overlay", options)
    except OSError as error:
        if error.errno != 22:
            raise
        mount_overlay_in_a_page(overlay, rootfs)
    else:
        attach(mounted, os.open(rootfs, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
    os.chdir("/")
    return os.open(rootfs, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def mount_overlay_in_a_page(overlay: Overlay, rootfs: str) -> None:
    """Mount the stack by the old call, shortening the layers' names where they do not fit in a page."""
    base, lowers, upper, work = _relative(overlay)
    os.chdir(base)
    rest = ",".join([f"upperdir={upper}", f"workdir={work}", *overlay.options])
    if len(":".join(lowers)) + len(rest) + 16 > _PAGE:
        # Each layer gets a name of one to three digits in a scratch filesystem, gone when this namespace is.
        scratch = make_filesystem("tmpfs", [("mode", "700")])
        absolute = [os.path.join(base, path) for path in (upper, work)]
        sys.attach_mount(scratch, target := os.open(rootfs, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
        os.close(target)
        for number, lower in enumerate(lowers):
            os.mkdir(str(number), dir_fd=scratch)
            short = os.open(str(number), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=scratch)
            attach(sys.open_tree(sys.AT_FDCWD, lower, sys.OPEN_TREE_CLONE), short)
        os.fchdir(scratch)
        os.close(scratch)
        lowers = [str(number) for number in range(len(lowers))]
        rest = ",".join([f"upperdir={absolute[0]}", f"workdir={absolute[1]}", *overlay.options])
    sys.mount("overlay", rootfs, "overlay", 0, f"lowerdir={':'.join(lowers)},{rest}")


def _relative(overlay: Overlay) -> tuple[str, list[str], str, str]:
    # Names below the store are short; options are limited in length (256 bytes each, or a page together).
    base = os.path.commonpath([*overlay.lowers, overlay.upper, overlay.work])
    names = [os.path.relpath(path, base) for path in [*overlay.lowers, overlay.upper, overlay.work]]
    return base, names[:-2], names[-2], names[-1]


def open_linked(binds: list[Bind]) -> dict[int, int]:
    """By number, detached copies of what those binds show that stay linked to the host's mounts.

    Copied from mounts that are still the host's peers, so before these are made private.
    """
    return {number: clone_tree(bind) for number, bind in enumerate(binds) if bind.propagation != "private"}


def open_sources(binds: list[Bind], linked: dict[int, int] | None = None) -> list[int]:
    """Detached copies of what binds show; opened while the host's paths can still be seen.

    :param linked: those that are open already, by number.
    """
    linked = linked or {}
    return [linked[number] if number in linked else clone_tree(bind) for number, bind in enumerate(binds)]


def make_memory(memory: list[Memory]) -> list[int]:
    """Detached file systems in memory."""
    return [make_filesystem("tmpfs", one.options, one.attributes) for one in memory]


def attach_all(root: int, targets: list[str], trees: list[int]) -> None:
    """Put what was opened or made in its places: what lies deeper later, else in the order given."""
    pairs = sorted(zip(targets, trees, strict=True), key=lambda pair: pair[0].rstrip("/").count("/"))
    for target, tree in pairs:
        directory = stat.S_ISDIR(os.fstat(tree).st_mode)
        place = open_target(root, target, directory)
        _refuse_proc(root, place, target)
        attach(tree, place)


def _refuse_proc(root: int, place: int, target: str) -> None:
    """Let nothing lie over parts of /proc, which a link of the image may lead to, but what is meant to.

    A false /proc would answer those who look there for what they are allowed (CVE-2019-19921).
    """
    proc = os.stat("proc", dir_fd=root, follow_symlinks=False)
    if os.fstat(place).st_dev != proc.st_dev or posixpath.normpath(target) in _REPLACEABLE:
        return
    os.close(place)
    raise OSError(errno.EPERM, "nothing can be mounted in /proc", target)


def pivot(root: int) -> None:
    """Make `root` the root and let go of the host's tree, whole. pivot_root(2), "pivot_root(".", ".")"."""
    os.fchdir(root)
    sys.pivot_root(".", ".")
    # The old root lies over the new one now; detaching it leaves nothing of the host to walk to.
    sys.umount(".", sys.MNT_DETACH)
    os.chdir("/")


def mask(root: int, paths: list[str]) -> None:
    """Show nothing at these paths: an empty read-only directory, or the null device."""
    null = open_strict(root, "dev/null", os.O_PATH)
    status = os.fstat(null)
    if not stat.S_ISCHR(status.st_mode) or status.st_rdev != os.makedev(1, 3):
        raise OSError(1, "/dev/null inside is not the null device", "/dev/null")
    os.close(null)
    for path in paths:
        target = _existing(root, path)
        if target is None:
            continue
        if stat.S_ISDIR(os.fstat(target).st_mode):
            nothing = make_filesystem(
                "tmpfs", [("mode", "555"), ("size", "0")], _QUIET | sys.MOUNT_ATTR_RDONLY
            )
        else:
            nothing = sys.open_tree(root, "dev/null", sys.OPEN_TREE_CLONE)
        attach(nothing, target)


def protect(root: int, paths: list[str]) -> None:
    """Make these paths read-only, each by a read-only copy of its mount on itself."""
    for path in paths:
        target = _existing(root, path)
        if target is None:
            continue
        copy = sys.open_tree(target, "", sys.OPEN_TREE_CLONE | sys.AT_EMPTY_PATH | sys.AT_RECURSIVE)
        sys.mount_setattr(copy, "", sys.MOUNT_ATTR_RDONLY, recursive=True)
        attach(copy, target)


def _existing(root: int, path: str) -> int | None:
    try:
        return open_strict(root, path, os.O_PATH)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == 20:  # ENOTDIR: a part of it is a file, so it does not exist
            return None
        raise
