"""A container's directory: its writable layer over the image's, and the small files the engine gives it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from engine.errors import NotSupported
from engine.images.recipe import Recipe
from engine.launch.task import Overlay
from engine.layers.overlay_xattrs import mount_options
from engine.layers.ways import ADD, COPY, KERNEL, way
from engine.store.layout import Layout

_COPIED = "copied"  # its upper directory holds all of the image's files


def overlay_of(layout: Layout, directory: Path, recipe: Recipe) -> Overlay:
    """The mount that shows a container's files; without lower directories where they are a copy."""
    upper, work = str(directory / "upper"), str(directory / "work")
    shown = way(layout)
    if shown == COPY or (directory / _COPIED).exists():
        return Overlay([], upper, work, [])
    # Of an image without layers what lies below is empty, as this directory is outside of the container.
    lowers = [str(layout.root / lower) for lower in recipe.lowers] or [str(directory / "rootfs")]
    return Overlay(lowers, upper, work, list(mount_options()), "" if shown == KERNEL else shown)


def check_way(overlay: Overlay, directory: Path) -> None:
    """:raises NotSupported: the container was made over layers, which cannot be shown any more."""
    if not overlay.lowers and not (directory / _COPIED).exists():
        raise NotSupported(
            "this container was made where layers could be mounted, which they cannot now", hint=ADD
        )


def prepare(directory: Path) -> None:
    """Make the directories of a new container."""
    directory.mkdir(mode=0o700)
    for name in ("upper", "work", "rootfs"):
        (directory / name).mkdir(mode=0o755)


def forget_last_mount(directory: Path) -> None:
    """Have a second mount be taken, where the first one was made without care for the disk (`volatile`).

    The kernel leaves a mark by which it refuses another (Documentation/filesystems/overlayfs.rst).
    """
    mark = directory / "work/work/incompat/volatile"
    if mark.exists():
        from engine.layers.removal import remove_tree

        remove_tree(mark)


def begin(layout: Layout, overlay: Overlay, recipe: Recipe) -> None:
    """Have the writable layer as a new container finds it: empty, or with a copy of the image's files."""
    if overlay.lowers:
        adopt_root(overlay)
        return
    from engine.containers.flattening import copy_stack

    if recipe.lowers:
        copy_stack([str(layout.root / lower) for lower in recipe.lowers], overlay.upper)
    (Path(overlay.upper).parent / _COPIED).touch()


def adopt_root(overlay: Overlay) -> None:
    """Give the writable layer's top directory the attributes of the image's root.

    In the mounted stack `/` is this directory, whatever the layers say.
    """
    top, upper = overlay.lowers[0], overlay.upper
    status = os.stat(top)
    os.chown(upper, status.st_uid, status.st_gid)
    os.chmod(upper, stat.S_IMODE(status.st_mode))
    for name in os.listxattr(top):
        if not name.startswith(("trusted.overlay.", "user.overlay.")):
            os.setxattr(upper, name, os.getxattr(top, name))
    os.utime(upper, ns=(status.st_mtime_ns, status.st_mtime_ns))
