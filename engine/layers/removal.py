"""Removing big trees: out of sight at once, then file by file, however deep they are.

`shutil.rmtree` holds a descriptor and a Python frame for each level, which an archive of a thousand
nested directories would exhaust.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
GONE = ".gone-"


def move_away(path: Path) -> Path | None:
    """Rename a tree to a name that `LayerStore.sweep` knows; None when there is no such tree."""
    target = path.with_name(f"{path.name}{GONE}{os.urandom(4).hex()}")
    try:
        path.rename(target)
    except FileNotFoundError:
        return None
    return target


def remove_tree(path: Path) -> None:
    """Remove a directory that nobody else uses, with all below it; nothing happens when there is none.

    Another front's sweep may be removing the same tree, so what is gone already is no trouble.

    Never leaves the tree: each directory is opened by name, from its parent, without following links.

    :raises OSError: the disk refuses.
    """
    try:
        here = _enter(None, os.fspath(path))
    except FileNotFoundError:
        return
    except NotADirectoryError:
        path.unlink()
        return
    # Names from the top to where we are, each with the directories that are left to do there.
    way: list[tuple[str, list[str]]] = [("", _remove_files(here))]
    try:
        while way:
            name, left = way[-1]
            if left:
                child = left.pop()
                with suppress(FileNotFoundError):
                    here = _swap(here, _enter(here, child))
                    way.append((child, _remove_files(here)))
                continue
            way.pop()
            if way:
                here = _swap(here, _enter(here, ".."))
                with suppress(FileNotFoundError):
                    os.rmdir(name, dir_fd=here)
    finally:
        os.close(here)
    with suppress(FileNotFoundError):
        os.rmdir(path)


def _swap(old: int, new: int) -> int:
    os.close(old)
    return new


def _enter(parent: int | None, name: str) -> int:
    try:
        return os.open(name, _DIRECTORY, dir_fd=parent)
    except PermissionError:
        # Whoever is not root cannot enter each directory of an image without this.
        os.chmod(name, stat.S_IRWXU, dir_fd=parent)
        return os.open(name, _DIRECTORY, dir_fd=parent)


def _remove_files(directory: int) -> list[str]:
    """Unlink all that is no directory; the names of those that are."""
    with os.scandir(directory) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    names = [name for name, is_directory in found if not is_directory]
    if found and not os.access(".", os.W_OK, dir_fd=directory):
        os.fchmod(directory, stat.S_IRWXU)
    for name in names:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=directory)
    return [name for name, is_directory in found if is_directory]
