"""Mounts an overlay in a mount namespace that nobody else sees, and looks at it from there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from engine.containers.stack import adopt_root
from engine.launch.rootfs import mount_overlay
from engine.launch.task import Overlay
from engine.layers import OverlayMount
from tests.engine.layers.differ import compare

_HOME = Path(__file__).resolve().parents[3]


@cache
def why_not() -> str:
    """Why overlays cannot be mounted here; empty where they can."""
    if shutil.which("unshare") is None or shutil.which("mount") is None:
        return "unshare or mount is not installed"
    tried = subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True, text=True)
    if tried.returncode:
        return f"no mount namespace of our own: {tried.stderr.strip()}"
    if "overlay" not in Path("/proc/filesystems").read_text():
        return "this kernel has no overlayfs"
    return ""


def compare_mounted(mount: OverlayMount, place: Path, other: Path) -> list[str]:
    """The differences between a stack, mounted below an empty layer as a container's is, and another tree.

    See `differ.compare`.
    """
    for name in ("upper", "work", "rootfs"):
        (place / name).mkdir(parents=True)
    fields = [[str(lower) for lower in mount.lowers], f"{place}/upper", f"{place}/work", list(mount.options)]
    done = subprocess.run(
        ["unshare", "-m", sys.executable, "-m", __name__, json.dumps(fields), place / "rootfs", other],
        check=False, cwd=_HOME, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    assert not done.stderr, done.stderr
    return done.stdout.splitlines()


def _main(fields: str, rootfs: str, other: str) -> int:
    overlay = Overlay(*json.loads(fields))
    adopt_root(overlay)
    os.close(mount_overlay(overlay, rootfs))
    found = compare(rootfs, other)
    for line in found:
        print(line)
    return bool(found)


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
