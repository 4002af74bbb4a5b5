"""Paths that are copied from and to, resolved inside a root and held by descriptor."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from engine.errors import InvalidArgument, NotFound
from engine.launch import syscalls as sys
from engine.oci.quote import quoted

_INSIDE = sys.RESOLVE_IN_ROOT | sys.RESOLVE_NO_MAGICLINKS
_MOST_LINKS = 40  # as the kernel: MAXSYMLINKS
_LONGEST = 4095  # bytes; PATH_MAX with its NUL is 4096


@dataclass(frozen=True, slots=True)
class Place:
    """A name in a directory that is held open.

    :param directory: its descriptor. :param name: b"." where the directory itself is meant.
    :param status: of what stands there, or None.
    """

    directory: int
    name: bytes
    status: os.stat_result | None

    @property
    def is_directory(self) -> bool:
        """Whether a directory stands there."""
        return self.status is not None and stat.S_ISDIR(self.status.st_mode)


def wants_directory(path: str) -> bool:
    """Whether a path says by its end that it is a directory."""
    return path.endswith(("/", "/.", "/..")) or path in ("", ".", "..")


def wants_content(path: str) -> bool:
    """Whether a path says by its end that what is in the directory is meant, and not the directory."""
    return path.endswith("/.") or path in ("", ".", "/")


def own_name(path: str) -> str:
    """The last name of a path; "" where it has none of its own."""
    name = path.rstrip("/").rpartition("/")[2]
    return "" if name in (".", "..") else name


@contextmanager
def located(root: int, path: str, *, follow: bool) -> Iterator[Place]:
    """The place that a path leads to; links on the way are followed, and never out of the root.

    :param follow: also a link that it leads to.
    :raises NotFound: its directory is not there.
    """
    if len(os.fsencode(path)) > _LONGEST or "\0" in path:
        raise InvalidArgument(f"{quoted(path)} is no path", hint=f"{_LONGEST} bytes at most")
    wanted = path
    for _ in range(_MOST_LINKS):
        above, name = _split(wanted)
        with _opened(root, above, path) as directory:
            place = Place(directory, name, _status(directory, name))
            link = place.status is not None and stat.S_ISLNK(place.status.st_mode)
            if not link or not (follow or wants_directory(wanted)):
                yield place
                return
            try:
                target = os.readlink(os.fsdecode(name), dir_fd=directory)
            except OSError:
                continue  # swapped just now: look again
        wanted = target if target.startswith("/") else f"{above}/{target}"
    raise InvalidArgument(f"{quoted(path)}: too many symbolic links")


def _split(path: str) -> tuple[str, bytes]:
    name = own_name(path)
    if not name:
        return path, b"."  # nothing but dots at its end: the kernel says which directory that is
    return path.rstrip("/").rpartition("/")[0], os.fsencode(name)


def _status(directory: int, name: bytes) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return None


@contextmanager
def _opened(root: int, path: str, asked: str) -> Iterator[int]:
    try:
        directory = sys.openat2(root, path.lstrip("/") or ".", os.O_PATH | os.O_DIRECTORY, _INSIDE)
    except OSError as error:
        raise refused(asked, error) from error
    try:
        yield directory
    finally:
        os.close(directory)


def refused(path: str, error: OSError) -> NotFound | InvalidArgument:
    """What an error on the way to a path means."""
    reason = os.strerror(error.errno or 0).lower()
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return NotFound(f"{quoted(path)}: {reason}", hint="check the path, and which side it is on")
    return InvalidArgument(f"{quoted(path)}: {reason}")
