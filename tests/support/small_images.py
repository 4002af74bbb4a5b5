"""Small real images, made by umoci out of a static busybox, without any network.

small/base:1    busybox and its links, /etc/passwd and /etc/group
small/odd:1     base, and two layers with every kind of entry that a layer can hold
small/app:1     base, and a program that prints its version
small/app:2     the same base, and the next version: one small layer differs
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.support.peers import PeerRegistry, needs_programs, run

BUSYBOX = Path("/bin/busybox")
APPLETS = (
    "sh",
    "ls",
    "cat",
    "echo",
    "id",
    "env",
    "true",
    "false",
    "sleep",
    "mount",
    "hostname",
    "ps",
    "stat",
    "kill",
)


@dataclass(frozen=True, slots=True)
class SmallImages:
    """Full references, and the OCI layout they came from (tags `base`, `odd`, `app1`, `app2`)."""

    base: str
    odd: str
    app1: str
    app2: str
    layout: Path


def make_small_images(directory: Path, registry: PeerRegistry) -> SmallImages:
    """Make the images in a directory and push them; about two seconds."""
    needs_programs("umoci", "skopeo", "busybox")
    layout = directory / "layout"
    run("umoci", "init", "--layout", str(layout))
    run("umoci", "new", "--image", f"{layout}:base")
    _add_layer(directory, layout, "base", "base", _base)
    run("umoci", "config", "--image", f"{layout}:base", "--config.cmd", "sh", "--config.env", "PATH=/bin")
    _add_layer(directory, layout, "base", "odd", _odd_below)
    _add_layer(directory, layout, "odd", "odd", _odd_above)
    for version in ("1", "2"):
        tag = f"app{version}"
        _add_layer(directory, layout, "base", tag, partial(_app, version=version))
        _configure_app(layout, tag, version)
    return SmallImages(
        base=registry.push(layout, "base", "small/base:1"),
        odd=registry.push(layout, "odd", "small/odd:1"),
        app1=registry.push(layout, "app1", "small/app:1"),
        app2=registry.push(layout, "app2", "small/app:2"),
        layout=layout,
    )


def unpack(layout: Path, tag: str, bundle: Path) -> Path:
    """What umoci makes of an image: the directory of its root file system."""
    run("umoci", "unpack", *_rootless(), "--image", f"{layout}:{tag}", str(bundle))
    return bundle / "rootfs"


def _add_layer(directory: Path, layout: Path, source: str, tag: str, change: Callable[[Path], None]) -> None:
    bundle = directory / "bundle"
    change(unpack(layout, source, bundle))
    run("umoci", "repack", "--image", f"{layout}:{tag}", str(bundle))
    shutil.rmtree(bundle)


def _configure_app(layout: Path, tag: str, version: str) -> None:
    settings = {
        "config.entrypoint": "/srv/app",
        "config.user": "nobody:nogroup",
        "config.workingdir": "/srv",
        "config.label": f"version={version}",
        "config.exposedports": "8080/tcp",
        "config.volume": "/data",
        "config.stopsignal": "SIGINT",
        "author": "Lamina's tests",
    }
    words = [word for name, value in settings.items() for word in (f"--{name}", value)]
    run(
        "umoci",
        "config",
        "--image",
        f"{layout}:{tag}",
        "--clear=config.cmd",
        "--clear=config.entrypoint",
        *words,
    )


def _base(root: Path) -> None:
    for directory, mode in (
        ("bin", 0o755),
        ("etc", 0o755),
        ("tmp", 0o1777),
        ("root", 0o700),
        ("proc", 0o555),
        ("sys", 0o555),
    ):
        (root / directory).mkdir()
        (root / directory).chmod(mode)
    shutil.copy2(os.path.realpath(shutil.which("busybox") or BUSYBOX), root / "bin/busybox")
    for applet in APPLETS:
        (root / "bin" / applet).symlink_to("busybox")
    (root / "etc/passwd").write_text(
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/sh\n"
    )
    (root / "etc/group").write_text("root:x:0:\nnogroup:x:65534:\nextra:x:2000:nobody\n")


def _odd_below(root: Path) -> None:
    """One of everything; what the layer above hides or changes is named so."""
    odd = root / "odd"
    for name in ("hidden-directory", "replaced-directory/old", "kept", "sticky"):
        (odd / name).mkdir(parents=True)
    (odd / "sticky").chmod(0o1777)
    (odd / "file").write_bytes(b"content\n")
    os.link(odd / "file", odd / "hard-link")
    (odd / "link").symlink_to("file")
    (odd / "dangling").symlink_to("../nowhere/at/all")
    (odd / "absolute").symlink_to("/etc/passwd")
    (odd / "empty").touch()
    (odd / "sparse").write_bytes(bytes(1 << 20))
    (odd / "na\u00efve \u6f22\u5b57 \U0001f40b").write_text("a name beyond ASCII\n")
    (odd / ("long-" * 40)).write_text("a name of 200 bytes\n")
    (odd / "hidden-file").write_text("gone\n")
    (odd / "hidden-directory/inside").write_text("gone\n")
    (odd / "replaced-directory/old/inside").write_text("gone\n")
    (odd / "kept/inside").write_text("kept\n")
    (odd / "file-to-directory").write_text("gone\n")
    (odd / "directory-to-file").mkdir()
    (odd / "setuid").write_text("#!/bin/sh\n")
    (odd / "setuid").chmod(0o6755)
    os.mkfifo(odd / "pipe", 0o640)
    os.setxattr(odd / "file", "user.colour", b"blue\0green")
    os.utime(odd / "empty", ns=(1_000_000_000_123_456_789, 1_000_000_000_123_456_789))
    if os.geteuid() == 0:
        os.chown(odd / "kept/inside", 1234, 5678)
        os.chown(odd / "link", 1234, 5678, follow_symlinks=False)
        _set_capability(odd / "setuid")


def _odd_above(root: Path) -> None:
    odd = root / "odd"
    (odd / "hidden-file").unlink()
    shutil.rmtree(odd / "hidden-directory")
    shutil.rmtree(odd / "replaced-directory")
    (odd / "replaced-directory").mkdir()
    (odd / "replaced-directory/new").write_text("new\n")
    (odd / "file-to-directory").unlink()
    (odd / "file-to-directory").mkdir()
    (odd / "file-to-directory/inside").write_text("new\n")
    (odd / "directory-to-file").rmdir()
    (odd / "directory-to-file").write_text("new\n")
    (odd / "file").write_bytes(b"changed\n")
    os.link(root / "bin/busybox", odd / "link-to-below")
    (odd / "kept").chmod(0o711)


def _app(root: Path, version: str) -> None:
    (root / "srv").mkdir()
    (root / "srv/app").write_text(f'#!/bin/sh\necho version {version} "$@"\n')
    (root / "srv/app").chmod(0o755)


def _set_capability(path: Path) -> None:
    # capabilities(7): revision 2 with the effective bit, CAP_NET_BIND_SERVICE permitted.
    value = bytes.fromhex("0100000200040000000000000000000000000000")
    try:
        os.setxattr(path, "security.capability", value)
    except OSError:  # a file system without them: the image then has one kind of entry less
        return


def _rootless() -> list[str]:
    return [] if os.geteuid() == 0 else ["--rootless"]
