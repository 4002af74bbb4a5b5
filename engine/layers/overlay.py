"""A stack of layers as overlayfs takes it. Nothing is mounted here.

Source: Linux Documentation/filesystems/overlayfs.rst.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from engine.layers.overlay_xattrs import mount_options, overlay_xattr
from engine.layers.store import LayerStore
from engine.oci.digest import Digest


class OverlayMount(NamedTuple):
    """What to mount.

    :param lowers: the topmost first, as `lowerdir` lists them.
    :param upper: the writable layer, whose own attributes are those of the mounted root; None for a tree
        that is only read (which takes two lowers).
    :param work: an empty directory on upper's file system; None with `upper`.
    :param options: further options, `name` or `name=value`.
    """

    lowers: tuple[Path, ...]
    upper: Path | None
    work: Path | None
    options: tuple[str, ...]


def overlay_mount(
    layers: LayerStore,
    diff_ids: Iterable[Digest],
    upper: Path | None,
    work: Path | None,
    seam: Path | None = None,
) -> OverlayMount:
    """The mount of a stack.

    :param diff_ids: of the image's layers, base first.
    :param seam: what `make_seam` gave for them; where that was not None, the tree is wrong without it.
    """
    lowers = [layers.fs(diff_id) for diff_id in reversed(unique_layers(tuple(diff_ids)))]
    for number, directory in enumerate(lowers):
        # Overlayfs merges the roots of all layers, whatever they are marked with.
        if _is_opaque(directory):
            del lowers[number + 1 :]
            break
    if seam is not None:
        lowers.insert(0, seam)
    return OverlayMount(tuple(lowers), upper, work, mount_options())


def unique_layers(diff_ids: Sequence[Digest]) -> tuple[Digest, ...]:
    """The stack with the topmost of layers that repeat, base first.

    Overlayfs refuses one directory twice; and all that the lower one does, the upper one does again.
    """
    last = {diff_id: number for number, diff_id in enumerate(diff_ids)}
    return tuple(diff_id for number, diff_id in enumerate(diff_ids) if last[diff_id] == number)


def _is_opaque(directory: Path) -> bool:
    try:
        return os.getxattr(directory, overlay_xattr("opaque")) == b"y"
    except OSError:
        return False
