"""A container's writable layer over its image's: what it did to each file, and what that costs.

Source: Linux Documentation/filesystems/overlayfs.rst.
"""

from __future__ import annotations

import os
import stat
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from engine.containers.stack import overlay_of
from engine.containers.store import ContainerStore
from engine.containers.upper import Upper, Written
from engine.images.service import ImageService
from engine.launch.task import Overlay
from engine.layers.overlay_xattrs import overlay_xattr

_BLOCK = 512  # bytes; of an archive, and in what st_blocks counts


class Effect(StrEnum):
    """What a container did to a path."""

    NEW = "new"
    COPIED_UP = "copied up"  # a file of a layer below was written to, so all of it was copied first
    ATTRIBUTES = "attributes"  # only owner, mode or times were changed; a file was copied up all the same
    REPLACED = "replaced"  # another file was put in place of a layer's
    DELETED = "deleted"  # a whiteout hides what a layer below has
    OPAQUE = "made opaque"  # a directory that hides all that the layers below have in it
    GONE = "gone"  # what was only in the writable layer was removed again


class OverlayChange(NamedTuple):
    """One path of the writable layer; bytes that are no UTF-8 as lone surrogates.

    :param path: absolute, inside. :param size: bytes of the file as it is; 0 for what is no file.
    :param cost: bytes that it takes on disk in the writable layer.
    :param layer: diff ID (or "seam") of the layer whose file this was, is hidden or replaced; else "".
    """

    effect: Effect
    path: str
    size: int
    cost: int
    layer: str


class OverlayView(NamedTuple):
    """A container's stack and what it has written.

    :param lowers: directories, the topmost first; :param layers: diff IDs of the same (or "seam";
        "nothing" below an image without layers).
    :param merged: where the whole of it is to be seen from the host; "" while it does not run.
    :param disk: bytes that the writable layer takes. :param commit: bytes of the archive a commit would make,
        not compressed.
    """

    lowers: tuple[str, ...]
    layers: tuple[str, ...]
    upper: str
    work: str
    merged: str
    changes: tuple[OverlayChange, ...]
    disk: int
    commit: int


def stack_of(store: ContainerStore, images: ImageService, name: str) -> tuple[Overlay, int]:
    """The overlay of a container, and the pid of its first process; 0 while it does not run."""
    record = store.records.find(name)
    state = store.look(record)
    overlay = overlay_of(store.layout, store.directory(record), images.recipe(record.image_id))
    return overlay, state.init.pid if state.init.alive else 0


def overlay_view(store: ContainerStore, images: ImageService, name: str) -> OverlayView:
    """A container's stack and all that it has written. :raises NotFound: there is none of that name."""
    overlay, pid = stack_of(store, images, name)
    layers = layer_names(overlay)
    found, linked = [], set()
    disk, commit = 0, 2 * _BLOCK  # an archive's end
    with Upper(overlay.upper, overlay.lowers) as upper:
        for entry in upper.walk():
            change = change_of(upper, entry, layers)
            if change is not None:
                found.append(change)
            status = entry.status
            commit += _BLOCK
            if (status.st_dev, status.st_ino) not in linked:
                disk += status.st_blocks * _BLOCK
                commit += -(-_size(status) // _BLOCK) * _BLOCK
            if status.st_nlink > 1 and stat.S_ISREG(status.st_mode):
                linked.add((status.st_dev, status.st_ino))
    merged = f"/proc/{pid}/root" if pid else ""
    return OverlayView(
        tuple(overlay.lowers), layers, overlay.upper, overlay.work, merged, tuple(found), disk, commit
    )


def written_bytes(store: ContainerStore, images: ImageService, name: str) -> int:
    """Bytes of the files that a container wrote or changed, Docker's SizeRw; links to one file count once."""
    overlay, _ = stack_of(store, images, name)
    with Upper(overlay.upper, overlay.lowers) as upper:
        statuses = (entry.status for entry in upper.walk())
        files = {(one.st_dev, one.st_ino): one.st_size for one in statuses if stat.S_ISREG(one.st_mode)}
    return sum(files.values())


def layer_names(overlay: Overlay) -> tuple[str, ...]:
    """Diff IDs of the lower directories, which lie below directories named after them."""
    others = {"seams": "seam", "containers": "nothing"}
    places = [Path(lower).parent for lower in overlay.lowers]
    return tuple(others.get(place.parent.name, f"sha256:{place.name}") for place in places)


def change_of(upper: Upper, entry: Written, layers: tuple[str, ...]) -> OverlayChange | None:
    """What an entry says that the container did; None for a directory that only has others in it."""
    effect = _effect(entry)
    if effect is None:
        return None
    layer = ""
    if entry.below is not None and effect is not Effect.NEW:
        roots = [root for root, _ in upper.below.copies]
        layer = layers[roots.index(entry.below[1])]
    cost = 0 if entry.whiteout else entry.status.st_blocks * _BLOCK
    return OverlayChange(effect, "/" + os.fsdecode(entry.path), _size(entry.status), cost, layer)


def _effect(entry: Written) -> Effect | None:
    now = entry.status
    if entry.whiteout:
        return Effect.DELETED
    if entry.below is None or entry.hidden:
        return Effect.NEW
    before = entry.below[0]
    if entry.merges:
        if entry.opaque:
            return Effect.OPAQUE
        return Effect.ATTRIBUTES if _attributes(now) != _attributes(before) else None
    if stat.S_IFMT(now.st_mode) != stat.S_IFMT(before.st_mode) or not _has_origin(entry):
        return Effect.REPLACED
    same = (now.st_size, now.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    return Effect.ATTRIBUTES if same else Effect.COPIED_UP


def _has_origin(entry: Written) -> bool:
    """Whether overlayfs marked it as copied from below; what was renamed into place is not."""
    path = b"/proc/self/fd/%d/%b" % (entry.directory, entry.name)
    try:
        os.getxattr(path, overlay_xattr("origin"), follow_symlinks=False)
    except OSError:
        return False
    return True  # the mark may be empty, where the layers' files have no handles (ovl_get_origin_fh)


def _attributes(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_mode, status.st_uid, status.st_gid


def _size(status: os.stat_result) -> int:
    return status.st_size if stat.S_ISREG(status.st_mode) else 0
