"""A container's writable layer, read from its own directory: what is in it, and what that hides.

Nothing is mounted. The directory is walked by descriptor, so a container that renames and swaps links
meanwhile can lead nobody out of it; what vanishes on the way is passed over.
Source: Linux Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories".
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from engine.errors import NotSupported
from engine.launch import syscalls as sys
from engine.layers.overlay_xattrs import overlay_xattr
from engine.layers.ways import ADD
from engine.oci.quote import quoted

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_INSIDE = sys.RESOLVE_BENEATH | sys.RESOLVE_NO_SYMLINKS | sys.RESOLVE_NO_MAGICLINKS
_MOVED = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ESTALE})
# What a start itself puts where the image has nothing, so that something can be mounted there.
_MOUNT_FILES = frozenset({b"etc/hosts", b"etc/hostname", b"etc/resolv.conf"})
# What fuse-overlayfs puts into a directory that hides those below, beside an attribute.
_FUSE_OPAQUE, _FUSE_OPAQUE_XATTR = b".wh..wh..opq", "user.fuseoverlayfs.opaque"
_SHOWN = 60  # bytes of a path too long to be told
_MOUNT_DIRECTORIES = frozenset({b"dev", b"proc", b"sys"})


@dataclass(frozen=True, slots=True)
class Below:
    """A directory as the layers below show it.

    :param copies: descriptor of a layer's root and the directory's path in it, the topmost first.
    """

    copies: tuple[tuple[int, bytes], ...]

    def find(self, name: bytes) -> tuple[os.stat_result, int, bytes] | None:
        """Status, root and path of what the layers show at a name; None where they show nothing."""
        for root, path in self.copies:
            try:
                status = os.stat(_join(path, name), dir_fd=root, follow_symlinks=False)
            except FileNotFoundError:
                continue
            return None if is_whiteout(status) else (status, root, _join(path, name))
        return None

    def names(self) -> set[bytes]:
        """All names that the layers show."""
        found: set[bytes] = set()
        for root, path in self.copies:
            directory = os.open(path or b".", _DIRECTORY, dir_fd=root)
            try:
                found.update(map(os.fsencode, os.listdir(directory)))
            finally:
                os.close(directory)
        return {name for name in found if self.find(name) is not None}

    def enter(self, name: bytes) -> Below:
        """The directory of a name; one without copies where the layers have none."""
        found: list[tuple[int, bytes]] = []
        for root, path in self.copies:
            try:
                directory = os.open(_join(path, name), _DIRECTORY, dir_fd=root)
            except FileNotFoundError:
                continue
            except OSError as error:
                if error.errno not in _MOVED:
                    raise
                break  # a file, a link or a whiteout hides what is further below
            try:
                found.append((root, _join(path, name)))
                if is_opaque(directory):
                    break
            finally:
                os.close(directory)
        return Below(tuple(found))


@dataclass(frozen=True, slots=True)
class Written:
    """One entry of the writable layer.

    :param path: below the root, without a leading slash; empty for the root itself.
    :param directory: descriptor of the directory it is in; valid until the next entry is asked for.
    :param status: its own; never a link's target's.
    :param below: what the layers below have there, shown or hidden, or None; :param inside: and in it, where
        both are directories.
    :param opaque: a directory that hides what the layers below have in it.
    :param hidden: a directory above it does.
    """

    path: bytes
    name: bytes
    directory: int
    status: os.stat_result
    below: tuple[os.stat_result, int, bytes] | None
    inside: Below
    opaque: bool
    hidden: bool

    @property
    def whiteout(self) -> bool:
        """Whether it stands for a removal."""
        return is_whiteout(self.status)

    @property
    def merges(self) -> bool:
        """Whether it is a directory where the layers below have one, too."""
        return bool(self.below and stat.S_ISDIR(self.below[0].st_mode) and stat.S_ISDIR(self.status.st_mode))

    @property
    def replaces(self) -> bool:
        """Whether it is a directory in place of another one, of which nothing is left."""
        return self.merges and (self.opaque or self.hidden)


class Upper:
    """The writable layer over its image's layers; a context manager.

    :param upper: its directory. :param lowers: of the layers, the topmost first.
    :raises NotSupported: there are none.
    """

    def __init__(self, upper: Path | str, lowers: Sequence[Path | str]) -> None:
        if not lowers:
            raise NotSupported("what a container changed cannot be told where its files are a copy", hint=ADD)
        self._paths = [upper, *lowers]
        self._open = ExitStack()
        self._roots: list[int] = []

    def __enter__(self) -> Self:
        try:
            for path in self._paths:
                root = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
                self._open.callback(os.close, root)
                self._roots.append(root)
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def root(self) -> int:
        """Descriptor of the writable layer's own directory (O_PATH)."""
        return self._roots[0]

    @property
    def below(self) -> Below:
        """The root as the layers show it."""
        return Below(tuple((root, b"") for root in self._roots[1:]))

    def walk(self) -> Iterator[Written]:
        """Every entry but the root, parents first, siblings by bytes."""
        pending: list[tuple[bytes, Below, bool]] = [(b"", self.below, False)]
        while pending:
            path, below, hidden = pending.pop()
            directory = open_directory(self.root, path)
            if directory is None:
                continue
            try:
                inside = []
                for name in sorted(map(os.fsencode, os.listdir(directory))):
                    found = _look(directory, path, name, below, hidden)
                    if found is None:
                        continue
                    yield found
                    if stat.S_ISDIR(found.status.st_mode):
                        inside.append((found.path, found.inside, hidden or found.opaque))
                pending += reversed(inside)
            finally:
                os.close(directory)

    def entries(self, path: bytes) -> Iterator[Written]:
        """The entries of one directory, siblings by bytes; none where it is gone by now."""
        below, hidden, reached = self.below, False, b""
        for name in path.split(b"/") if path else ():
            reached = _join(reached, name)
            directory = open_directory(self.root, reached)
            if directory is None:
                return
            hidden = hidden or is_opaque(directory)
            os.close(directory)
            below = below.enter(name)
        directory = open_directory(self.root, path)
        if directory is None:
            return
        try:
            for name in sorted(map(os.fsencode, os.listdir(directory))):
                found = _look(directory, path, name, below, hidden)
                if found is not None:
                    yield found
        finally:
            os.close(directory)


def _look(directory: int, path: bytes, name: bytes, below: Below, hidden: bool) -> Written | None:
    if name == _FUSE_OPAQUE:
        return None
    try:
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        opaque = stat.S_ISDIR(status.st_mode) and _opaque_below(directory, name)
    except FileNotFoundError:
        return None
    known = below.find(name)
    both = known is not None and stat.S_ISDIR(known[0].st_mode) and stat.S_ISDIR(status.st_mode)
    if (known is None and is_whiteout(status)) or _is_mount_point(_join(path, name), status, known):
        return None
    inside = below.enter(name) if both else Below(())
    return Written(_join(path, name), name, directory, status, known, inside, opaque, hidden)


def open_directory(root: int, path: bytes) -> int | None:
    """A directory below a root, no part of its path a link; None where it is gone, or moved, by now."""
    try:
        return sys.openat2(root, path or b".", os.O_RDONLY | os.O_DIRECTORY, _INSIDE)
    except OSError as error:
        if error.errno in _MOVED:
            return None
        if error.errno == errno.ENAMETOOLONG:
            raise NotSupported(
                f"{quoted(os.fsdecode(path[:_SHOWN]))}… lies too deep: no path may be longer than 4096 bytes",
                hint="remove it inside the container; lamina rm removes the container all the same",
            ) from error
        raise


def is_whiteout(status: os.stat_result) -> bool:
    """Whether this is overlayfs's mark for a path that is not there any more."""
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def is_opaque(directory: int) -> bool:
    """Whether an open directory hides what the layers below have in it."""
    for name in (overlay_xattr("opaque"), _FUSE_OPAQUE_XATTR):
        try:
            return os.getxattr(directory, name) == b"y"
        except OSError:
            continue
    return False


def _opaque_below(directory: int, name: bytes) -> bool:
    try:
        opened = os.open(name, _DIRECTORY, dir_fd=directory)
    except OSError as error:
        if error.errno in _MOVED:
            return False
        raise
    try:
        return is_opaque(opened)
    finally:
        os.close(opened)


def _is_mount_point(path: bytes, status: os.stat_result, known: object) -> bool:
    if known is not None:
        return False
    if path in _MOUNT_FILES:
        return stat.S_ISREG(status.st_mode) and not status.st_size
    return path in _MOUNT_DIRECTORIES and stat.S_ISDIR(status.st_mode)


def _join(path: bytes, name: bytes) -> bytes:
    return path + b"/" + name if path else name
