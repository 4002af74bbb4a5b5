"""A stack of layers shown by fuse-overlayfs(1), for kernels that let an ordinary user mount no overlay.

The file system is made here, attached nowhere; the program serves it from outside the container, as a child
of whoever holds it, and ends with the last mount or with that.
"""

from __future__ import annotations

import os

from . import syscalls as sys
from .mounts import make_filesystem

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from .task import Overlay

_DEVICE = "/dev/fuse"
_SERVED = 3  # the number of the device's descriptor in the program
_OPTIONS = (
    ("rootmode", "40000"), ("user_id", "0"), ("group_id", "0"), ("allow_other", ""),
    ("default_permissions", ""),
)  # fmt: skip


def show(overlay: Overlay) -> int:
    """A descriptor of the mounted stack, attached nowhere.

    :param overlay: without an upper directory it can only be read.
    :raises OSError: the kernel refuses.
    """
    device = os.open(_DEVICE, os.O_RDWR | os.O_CLOEXEC)
    try:
        tree = make_filesystem("fuse", [("fd", str(device)), *_OPTIONS], source="fuse-overlayfs")
        if os.fork() == 0:
            _become(overlay, device)
    finally:
        os.close(device)
    return tree


def _become(overlay: Overlay, device: int) -> None:
    """Become the program. Returns never."""
    try:
        sys.prctl(sys.PR_SET_PDEATHSIG, sys.SIGKILL)
        os.setsid()  # not ended by what is typed
        null = os.open("/dev/null", os.O_RDWR)
        device = os.dup(device) if device == _SERVED else device
        for number, source in enumerate((null, null, null, device)):
            os.dup2(source, number)
        options = [f"lowerdir={':'.join(overlay.lowers)}"]
        if overlay.upper:
            options += [f"upperdir={overlay.upper}", f"workdir={overlay.work}"]
        words = [overlay.program, "-f", "-o", ",".join(options), f"/dev/fd/{_SERVED}"]
        sys.close_descriptors(_SERVED + 1)
        os.execve(overlay.program, words, {"PATH": os.defpath})
    finally:
        os._exit(127)
