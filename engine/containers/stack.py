"""A container's directory: its writable layer over the image's, and the small files the engine gives it."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from engine.containers.network_files import hosts_text, resolver_text
from engine.images.recipe import Recipe
from engine.launch.task import Overlay
from engine.layers.overlay_xattrs import mount_options
from engine.runtime.config import ContainerConfig
from engine.store.layout import Layout

_LOOPBACK_HOSTS = (
    "127.0.0.1\tlocalhost\n"
    "::1\tlocalhost ip6-localhost ip6-loopback\n"
    "fe00::\tip6-localnet\nff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n"
)


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


def write_network_files(directory: Path, config: ContainerConfig) -> None:
    """`hostname`, `hosts` and `resolv.conf`, as the host is at this start."""
    hosts = _host_file("/etc/hosts") if config.network == "host" else _LOOPBACK_HOSTS
    for name, text in (
        ("hostname", f"{config.hostname}\n"),
        ("hosts", hosts_text(hosts, config.names)),
        ("resolv.conf", resolver_text(_host_file("/etc/resolv.conf"), config.names)),
    ):
        (directory / name).write_text(text, "utf-8", "surrogateescape")


def _host_file(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "surrogateescape")
    except OSError:
        return ""


def delete_tree(path: Path) -> None:
    """Delete a directory with all below it; gone already is fine. Links are removed, never followed."""
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        return
