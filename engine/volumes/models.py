"""What fronts see of volumes. Sizes are bytes of files, times seconds since the epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Volume:
    """One volume.

    :param anonymous: made without a name of its own, for one container.
    :param path: on the host; what containers see.
    :param used_by: names of the containers that have it, running or not, sorted.
    :param size: None where it was not asked for.
    """

    name: str
    created: float
    labels: Mapping[str, str] = field(hash=False)
    anonymous: bool
    path: str
    used_by: tuple[str, ...]
    size: int | None = None


@dataclass(frozen=True, slots=True)
class PrunedVolumes:
    """What a prune of volumes did, or would do.

    :param names: of those that go. :param freed: bytes.
    """

    names: tuple[str, ...]
    freed: int


NOTHING = PrunedVolumes((), 0)


@dataclass(frozen=True, slots=True)
class VolumeEntry:
    """One name in a directory of a volume.

    :param kind: "directory", "file", "symlink", "device", "fifo" or "socket".
    :param link: where a symbolic link points, as it stands there; else "".
    """

    name: str
    kind: str
    size: int
    mode: int
    uid: int
    gid: int
    modified: float
    link: str
