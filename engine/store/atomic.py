"""Files that are whole or not there: temporary name, write, fsync, rename, fsync of the directory."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What sweep() looks for. A living writer holds a flock on its temporary file, so no age has to be guessed.
TEMPORARY = ".tmp-"


def write_atomic(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Put `data` at `path`; after a crash either the old file is there or the new one, whole.

    :raises OSError: the disk refuses; the old file is untouched and no temporary file stays.
    """
    with temporary_file(path.parent, mode) as (descriptor, temporary):
        write_all(descriptor, data)
        os.fsync(descriptor)
        os.replace(temporary, path)
    sync_directory(path.parent)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of `data`; a single write() may take less (man 2 write)."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable; a rename is not before this (man 2 fsync)."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_abandoned(directory: Path) -> int:
    """Remove temporary files whose writer is gone; how many. A living writer's file is left alone."""
    removed = 0
    for entry in os.scandir(directory):
        if entry.name.startswith(TEMPORARY) and entry.is_file(follow_symlinks=False):
            removed += remove_unlocked(Path(entry.path))
    return removed


def remove_unlocked(path: Path) -> bool:
    """Remove a file unless somebody holds a flock on it; whether it was removed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)
    except (BlockingIOError, FileNotFoundError):
        return False
    finally:
        os.close(descriptor)
    return True


@contextmanager
def temporary_file(directory: Path, mode: int) -> Iterator[tuple[int, Path]]:
    """Descriptor and path of a new file, which the caller renames, or removes; gone when the block fails."""
    descriptor, path = _create(directory, mode)
    try:
        yield descriptor, path
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _create(directory: Path, mode: int) -> tuple[int, Path]:
    while True:
        path = directory / f"{TEMPORARY}{os.urandom(8).hex()}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # A sweep may have taken the file between open and flock; then begin again under another name.
        if os.fstat(descriptor).st_nlink:
            return descriptor, path
        os.close(descriptor)
