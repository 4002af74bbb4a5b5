"""A volume's first content, whole or not at all, whoever is killed when.

    volumes/<name>/_data      what containers see
    volumes/<name>/filling    a copy that is being made; worth nothing after a crash
    volumes/<name>/filled     a copy that is complete and on disk; being moved into _data

`_data` itself is never replaced: a container may have it mounted.
All of this is done under the volume's lock.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from engine.layers.removal import remove_tree
from engine.linux.syncfs import syncfs
from engine.store.atomic import sync_directory
from engine.volumes.copying import copy_attributes

DATA, FILLING, FILLED = "_data", "filling", "filled"
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def fill(volume: Path, write: Callable[[int], None]) -> bool:
    """Give an empty volume content; False where it has some.

    :param volume: its directory. :param write: puts the content into the directory of a descriptor.
    :raises OSError: the disk refuses; the volume stays as it was.
    """
    settle(volume)
    if os.listdir(volume / DATA):
        return False
    copy = volume / FILLING
    copy.mkdir(mode=0o700)
    try:
        descriptor = os.open(copy, _OPEN)
        try:
            write(descriptor)
            syncfs(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        remove_tree(copy)
        raise
    os.rename(copy, volume / FILLED)
    sync_directory(volume)
    settle(volume)
    return True


def is_unsettled(volume: Path) -> bool:
    """Whether a crash left something for `settle` to do."""
    return any(os.path.lexists(volume / name) for name in (FILLED, FILLING))


def settle(volume: Path) -> None:
    """Finish what a crash interrupted: a complete copy is moved into place, an incomplete one removed."""
    if os.path.lexists(volume / FILLING):
        remove_tree(volume / FILLING)
    try:
        copy = os.open(volume / FILLED, _OPEN)
    except FileNotFoundError:
        return
    try:
        data = os.open(volume / DATA, _OPEN)
        try:
            _move(copy, data)
        finally:
            os.close(data)
    finally:
        os.close(copy)
    remove_tree(volume / FILLED)


def _move(copy: int, data: int) -> None:
    there, times = set(os.listdir(data)), os.fstat(copy)
    for name in os.listdir(copy):
        # What a container of this volume made there meanwhile is its own.
        if name not in there:
            os.rename(name, name, src_dir_fd=copy, dst_dir_fd=data)
    copy_attributes(copy, data)
    os.utime(data, ns=(times.st_atime_ns, times.st_mtime_ns))  # moving changed those of the copy
    os.fsync(data)
