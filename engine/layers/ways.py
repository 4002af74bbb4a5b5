"""How a stack of layers is shown here: by the kernel, by fuse-overlayfs, or as a copy.

Root's kernel always can. An ordinary user's may not let him (before 5.11), or not on the store's file
system; that is found by trying, once for each boot.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from engine.launch import state
from engine.layers.overlay_xattrs import mount_options
from engine.linux.user_namespaces import in_user_namespace
from engine.store.layout import Layout

KERNEL, COPY = "kernel", "copy"
_PROGRAM = "fuse-overlayfs"
_PATH = "/usr/local/bin:/usr/bin:/bin"
_LONGEST = 4096
ADD = "sudo apt install fuse-overlayfs"


def way(layout: Layout) -> str:
    """KERNEL, COPY, or the path of fuse-overlayfs. `LAMINA_OVERLAY` says kernel, fuse or copy instead."""
    if not in_user_namespace():
        return KERNEL
    chosen = os.environ.get("LAMINA_OVERLAY", "")
    if chosen in (KERNEL, COPY):
        return chosen
    if chosen == "fuse":
        return _program() or COPY
    note = layout.run / "session" / "overlay"
    with suppress(OSError, ValueError):
        boot, found = note.read_text("utf-8", "surrogateescape")[:_LONGEST].split("\n", 1)
        if boot == state.boot_id() and (found in (KERNEL, COPY) or os.access(found, os.X_OK)):
            return found
    found = _tried(layout.root)
    with suppress(OSError):  # tried again by the next, then
        note.write_text(f"{state.boot_id()}\n{found}", "utf-8", "surrogateescape")
    return found


def _tried(root: Path) -> str:
    import tempfile  # felt, and only needed once for each boot

    from engine.launch.mounts import make_filesystem

    with tempfile.TemporaryDirectory(prefix="probe-", dir=root) as place:
        for name in ("lower", "upper", "work"):
            os.mkdir(os.path.join(place, name))
        options = [(f"{name}dir", os.path.join(place, name)) for name in ("lower", "upper", "work")]
        rest = [option.partition("=") for option in mount_options()]
        try:
            os.close(make_filesystem("overlay", [*options, *((key, value) for key, _, value in rest)]))
        except OSError:
            return _program() or COPY
        finally:
            with suppress(OSError):
                os.chmod(os.path.join(place, "work", "work"), 0o700)  # made without rights for anybody
    return KERNEL


def _program() -> str:
    """Where fuse-overlayfs is, "" where it cannot be used."""
    import shutil

    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return ""
    return shutil.which(_PROGRAM, path=os.environ.get("PATH") or _PATH) or ""
