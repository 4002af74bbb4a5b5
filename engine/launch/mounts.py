"""Mounting by descriptor: the target is the file that was checked, not a path somebody may have changed."""

from __future__ import annotations

import errno
import os
import posixpath
import stat

from . import syscalls as sys

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .task import Bind

_FOLLOW_INSIDE = sys.RESOLVE_IN_ROOT | sys.RESOLVE_NO_MAGICLINKS
_STAY_BELOW = sys.RESOLVE_BENEATH | sys.RESOLVE_NO_MAGICLINKS
_MOST_LINKS = 40  # as the kernel: MAXSYMLINKS
_DIRECTORY = os.O_PATH | os.O_DIRECTORY
_FOLLOW_NOTHING = sys.RESOLVE_NO_SYMLINKS | sys.RESOLVE_NO_MAGICLINKS | sys.RESOLVE_IN_ROOT


def make_filesystem(
    kind: str, options: Iterable[tuple[str, str]] = (), attributes: int = 0, source: str = ""
) -> int:
    """A descriptor of a new, detached filesystem.

    :param source: what mount(8) shows as its source; its kind where that is empty.
    :raises OSError: with what the kernel says about it, where it says anything.
    """
    context = sys.fsopen(kind)
    try:
        sys.fsconfig_string(context, "source", source or kind)
        for key, value in options:
            if value:
                sys.fsconfig_string(context, key, value)
            else:
                sys.fsconfig_flag(context, key)
        return sys.fsmount(context, attributes)
    except OSError as error:
        said = _kernel_words(context)
        if said:
            raise OSError(error.errno, f"{error.strerror} ({said})") from error
        raise
    finally:
        os.close(context)


def _kernel_words(context: int) -> str:
    """Messages that a failed mount left in its context (kernel: Documentation/filesystems/mount_api.rst)."""
    words: list[str] = []
    while len(words) < 8:
        try:
            line = os.read(context, 1024)
        except OSError:
            break
        words.append(line.decode("utf-8", "replace").strip()[2:])
    return "; ".join(words)


def open_inside(root: int, path: str, flags: int) -> int:
    """Open a path of the container; links are followed, but never out of its root."""
    return sys.openat2(root, path.lstrip("/") or ".", flags, _FOLLOW_INSIDE)


def open_strict(root: int, path: str, flags: int) -> int:
    """Open a path of the container in which no part may be a link (ELOOP where one is)."""
    return sys.openat2(root, path.lstrip("/") or ".", flags, _FOLLOW_NOTHING)


def make_directories(root: int, path: str, follow: bool = True) -> int:
    """An O_PATH descriptor of a directory of the container, made with its parents where missing.

    :param follow: whether links on the way are followed (inside the root); one that leads to nothing
        yet has what it names made.
    :raises OSError: something that is no directory stands there.
    """
    opener = open_inside if follow else open_strict
    parts = _parts(path)
    for _ in range(_MOST_LINKS):
        known, here = _longest_prefix(opener, root, parts)
        try:
            for part in parts[known:]:
                below = _make_directory(here, part)
                os.close(here)
                here = below
        except FileExistsError:
            # Nothing was there a moment ago when links were followed: it is a link to what is not there.
            target = os.readlink(parts[known], dir_fd=here)
            os.close(here)
            parts = _parts(posixpath.join("/", *parts[:known], target, *parts[known + 1 :]))
            continue
        except BaseException:
            os.close(here)
            raise
        return here
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)


def _parts(path: str) -> list[str]:
    return [part for part in posixpath.normpath("/" + path).split("/") if part]


def _longest_prefix(opener: Callable[[int, str, int], int], root: int, parts: list[str]) -> tuple[int, int]:
    """How many of the parts exist, and a descriptor of the last of them."""
    for known in range(len(parts), 0, -1):
        try:
            return known, opener(root, "/".join(parts[:known]), _DIRECTORY)
        except FileNotFoundError:
            continue
    return 0, opener(root, ".", _DIRECTORY)


def _make_directory(parent: int, name: str) -> int:
    os.mkdir(name, 0o755, dir_fd=parent)
    # What was just made is no link; one that stands here now is somebody's attack.
    return os.open(name, _DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)


def open_target(root: int, path: str, directory: bool) -> int:
    """An O_PATH descriptor of a mount target inside, made where it is missing.

    :raises OSError: the target is of the other kind (ENOTDIR, EISDIR), or a link leads nowhere.
    """
    if directory:
        return make_directories(root, path)
    clean = posixpath.normpath("/" + path)
    parent = make_directories(root, posixpath.dirname(clean))
    try:
        os.close(
            os.open(posixpath.basename(clean), os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644, dir_fd=parent)
        )
    except FileExistsError:
        pass
    finally:
        os.close(parent)
    target = open_inside(root, clean, os.O_PATH)
    if stat.S_ISDIR(os.fstat(target).st_mode):
        os.close(target)
        raise IsADirectoryError(errno.EISDIR, "the source is a file, the target a directory", path)
    return target


def clone_tree(bind: Bind) -> int:
    """A detached copy of what a bind shows.

    :raises OSError: it is not there; EXDEV where a link leads its subpath out of the source.
    """
    flags = sys.OPEN_TREE_CLONE | (sys.AT_RECURSIVE if bind.recursive else 0)
    if bind.subpath:
        tree = _clone_below(bind.source, bind.subpath, flags)
    else:
        tree = sys.open_tree(sys.AT_FDCWD, bind.source, flags)
    if bind.read_only:
        below = bind.recursive and not bind.writable_below
        sys.mount_setattr(tree, "", sys.MOUNT_ATTR_RDONLY, recursive=below)
    if bind.propagation == "slave":
        sys.mount_setattr(tree, "", 0, recursive=bind.recursive, propagation=sys.MS_SLAVE)
    return tree


def _clone_below(source: str, subpath: str, flags: int) -> int:
    # By descriptor: whoever swaps a link in a volume meanwhile changes nothing of what was found.
    top = os.open(source, _DIRECTORY | os.O_CLOEXEC)
    try:
        found = sys.openat2(top, subpath, os.O_PATH, _STAY_BELOW)
    finally:
        os.close(top)
    try:
        return sys.open_tree(found, "", flags | sys.AT_EMPTY_PATH)
    finally:
        os.close(found)


def attach(mount_fd: int, target_fd: int) -> None:
    """Attach a detached mount, and close both descriptors."""
    try:
        sys.attach_mount(mount_fd, target_fd)
    finally:
        os.close(mount_fd)
        os.close(target_fd)
