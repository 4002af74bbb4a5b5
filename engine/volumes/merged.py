"""An image's files as a container sees them, to be read: an overlay of its layers that is mounted nowhere.

It is held by a descriptor alone, so no mount table shows it, and it is gone when that is closed.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from engine.errors import NotSupported
from engine.launch import syscalls as sys
from engine.launch.mounts import make_filesystem
from engine.layers.overlay_xattrs import mount_options

_LONGEST_OPTION = 255  # bytes of one value that fsconfig(2) takes


@contextmanager
def merged_root(lowers: Sequence[str], empty: Path, program: str = "") -> Iterator[int]:
    """A descriptor of the root of a stack.

    :param lowers: directories, the topmost first. :param program: fuse-overlayfs, where the kernel cannot.
    :param empty: an empty directory: the lowest layer of all, because an overlay wants two.
    :raises NotSupported: the kernel is too old for a stack of so many layers.
    """
    if program:
        from engine.launch.fuse import show
        from engine.launch.task import Overlay

        root = show(Overlay(list(lowers), "", "", [], program))
        try:
            yield root
        finally:
            os.close(root)
        return
    with ExitStack() as held:
        # Named by descriptors, the directories' own names can be as long as they like.
        names = []
        for path in (*lowers, str(empty)):
            layer = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            held.callback(os.close, layer)
            names.append(f"/proc/self/fd/{layer}")
        root = _mount(names)
        held.callback(os.close, root)
        yield root


def _mount(names: list[str]) -> int:
    rest = [option.partition("=") for option in mount_options()]
    options = [(key, value) for key, _, value in rest]
    try:
        return make_filesystem(
            "overlay", [*(("lowerdir+", name) for name in names), *options], sys.MOUNT_ATTR_RDONLY
        )
    except OSError as error:
        joined = ":".join(names)
        if error.errno != errno.EINVAL:
            raise
        if len(joined) > _LONGEST_OPTION:
            raise NotSupported(
                f"this kernel cannot show {len(names)} layers at once without mounting them",
                hint="use :nocopy, or a kernel from 6.7 on",
            ) from error
        return make_filesystem("overlay", [("lowerdir", joined), *options], sys.MOUNT_ATTR_RDONLY)
