"""Files between the host and a volume, by the rules of `cp`, and never out of the volume."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from engine.containers.copying import copy_tree
from engine.containers.files import host_root
from engine.containers.writing import Copied, Manner
from engine.volumes.browse import top_of

if TYPE_CHECKING:
    from engine.volumes.store import VolumeStore


def copy_out(volumes: VolumeStore, name: str, path: str, target: str) -> Copied:
    """Copy a file or directory of a volume to the host; it becomes the caller's, without set-id bits.

    :param target: absolute. :raises NotFound: the volume, the source or the target's directory is not there.
    """
    manner = Manner((os.geteuid(), os.getegid()), set_id=False, devices=False)
    with top_of(volumes.data(volumes.get(name).name)) as top, host_root() as host:
        return copy_tree(top, path, host, target, manner=manner, follow=False)


def copy_in(volumes: VolumeStore, name: str, source: str, path: str) -> Copied:
    """Copy a file or directory of the host into a volume; it belongs to root.

    :param source: absolute. :raises NotFound: the volume, the source or the target's directory is not there.
    """
    with top_of(volumes.data(volumes.get(name).name)) as top, host_root() as host:
        return copy_tree(host, source, top, path, manner=Manner((0, 0)), follow=False)
