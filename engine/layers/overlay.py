"""A stack of layers as overlayfs takes it. Nothing is mounted here.

Source: Linux Documentation/filesystems/overlayfs.rst.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.layers.overlay_xattrs import PREFIXES, in_user_namespace, opaque_xattr
from engine.layers.store import LayerStore
from engine.oci.digest import Digest


@dataclass(frozen=True, slots=True)
class OverlayMount:
    """What to mount.

    :param lowers: the topmost first, as `lowerdir` lists them.
    :param upper: the writable layer; None for a tree that is only read.
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
    # Off, so that a layer may stand below any upper directory, also a copied or a restored one.
    options = ["index=off"]
    if in_user_namespace():
        options.append("userxattr")
    return OverlayMount(tuple(lowers), upper, work, tuple(options))


def prepare_upper(mount: OverlayMount) -> None:
    """Give a fresh upper directory the attributes of the image's root, for it will stand for the root.

    :raises OSError: the disk refuses.
    """
    assert mount.upper is not None
    image = os.stat(mount.lowers[0])
    os.chown(mount.upper, image.st_uid, image.st_gid)
    os.chmod(mount.upper, stat.S_IMODE(image.st_mode))
    for name in os.listxattr(mount.lowers[0]):
        if not os.fsencode(name).startswith(PREFIXES):
            os.setxattr(mount.upper, name, os.getxattr(mount.lowers[0], name))
    os.utime(mount.upper, ns=(image.st_mtime_ns, image.st_mtime_ns))


def unique_layers(diff_ids: Sequence[Digest]) -> tuple[Digest, ...]:
    """The stack with the topmost of layers that repeat, base first.

    Overlayfs refuses one directory twice; and all that the lower one does, the upper one does again.
    """
    last = {diff_id: number for number, diff_id in enumerate(diff_ids)}
    return tuple(diff_id for number, diff_id in enumerate(diff_ids) if last[diff_id] == number)


def _is_opaque(directory: Path) -> bool:
    try:
        return os.getxattr(directory, opaque_xattr()) == b"y"
    except OSError:
        return False
