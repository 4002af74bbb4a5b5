"""A container's directory: its writable layer over the image's, and the small files the engine gives it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from engine.images.recipe import Recipe
from engine.launch.task import Overlay
from engine.layers.overlay_xattrs import mount_options
from engine.store.layout import Layout


def overlay_of(layout: Layout, directory: Path, recipe: Recipe) -> Overlay:
    """The mount that shows a container's files."""
    lowers = [str(layout.root / lower) for lower in recipe.lowers]
    return Overlay(lowers, str(directory / "upper"), str(directory / "work"), list(mount_options()))


def prepare(directory: Path) -> None:
    """Make the directories of a new container."""
    directory.mkdir(mode=0o700)
    for name in ("upper", "work", "rootfs"):
        (directory / name).mkdir(mode=0o755)


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
