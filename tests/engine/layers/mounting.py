"""Mounts an overlay in a mount namespace that nobody else sees, and looks at it from there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from engine.layers import OverlayMount

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
    """The differences between a stack, mounted to be read, and another tree; see `differ.compare`."""
    place.mkdir()
    empty = place.with_name("empty")  # overlayfs wants two directories at least
    empty.mkdir(exist_ok=True)
    lowers = [*mount.lowers, empty]
    options = ["lowerdir=" + ":".join(map(str, lowers)), *mount.options]
    script = 'mount -t overlay overlay -o "$1" "$2" && exec "$3" -m tests.engine.layers.differ "$2" "$4"'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", ",".join(options), place, sys.executable, other],
        check=False, cwd=_HOME, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    assert not done.stderr, done.stderr
    return done.stdout.splitlines()
