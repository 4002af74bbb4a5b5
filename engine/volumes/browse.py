"""Looking into a volume while containers write to it: by descriptor, and never out of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from engine.errors import InvalidArgument, NotFound
from engine.launch.mounts import open_inside
from engine.volumes.models import VolumeEntry

_MOST = 10_000  # names of one directory
_KINDS = {
    stat.S_IFDIR: "directory",
    stat.S_IFREG: "file",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
}


def browse(data: Path, path: str) -> list[VolumeEntry]:
    """A directory's entries by name, the first ten thousand that the disk gives.

    :raises NotFound: there is no such directory.
    """
    with top_of(data) as top:
        return browse_in(top, path)


def read(data: Path, path: str, limit: int) -> bytes:
    """The first bytes of a regular file.

    :raises NotFound: there is none. :raises InvalidArgument: it is something else.
    """
    with top_of(data) as top:
        return read_in(top, path, limit)


def browse_in(top: int, path: str) -> list[VolumeEntry]:
    """As `browse`, below a directory's descriptor, out of which nothing leads."""
    with _opened(top, path, os.O_RDONLY | os.O_DIRECTORY) as directory, os.scandir(directory) as entries:
        found = [_entry(directory, entry.name) for entry in islice(entries, _MOST)]
    return sorted((entry for entry in found if entry is not None), key=lambda entry: entry.name)


def read_in(top: int, path: str, limit: int) -> bytes:
    """As `read`, below a directory's descriptor."""
    # Looked at before it is opened to be read: opening a device or a fifo can do things.
    with _opened(top, path, os.O_PATH) as found:
        if not stat.S_ISREG(os.fstat(found).st_mode):
            raise InvalidArgument(f"{path} is no regular file", hint="only those can be read")
        with open(f"/proc/self/fd/{found}", "rb") as file:
            return file.read(limit)


@contextmanager
def top_of(data: Path) -> Iterator[int]:
    """The descriptor of a volume's directory. :raises NotFound: it is gone."""
    try:
        top = os.open(data, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise NotFound(f"the volume's directory cannot be opened: {error}") from error
    try:
        yield top
    finally:
        os.close(top)


@contextmanager
def _opened(top: int, path: str, flags: int) -> Iterator[int]:
    try:
        found = open_inside(top, path, flags)
    except (OSError, ValueError) as error:
        raise NotFound(f"{path} cannot be found: {error}") from error
    try:
        yield found
    finally:
        os.close(found)


def _entry(directory: int, name: str) -> VolumeEntry | None:
    try:
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        link = os.readlink(name, dir_fd=directory) if stat.S_ISLNK(status.st_mode) else ""
    except OSError:
        return None  # gone by now
    kind = _KINDS.get(stat.S_IFMT(status.st_mode), "device")
    mode = stat.S_IMODE(status.st_mode)
    return VolumeEntry(name, kind, status.st_size, mode, status.st_uid, status.st_gid, status.st_mtime, link)
