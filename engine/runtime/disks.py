"""How fast a container may read and write single disks (`--device-read-bps` and its like)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator

from engine.errors import InvalidArgument, NotFound
from engine.launch.cgroups import Setting
from engine.linux.cgroups import Hierarchy
from engine.runtime.isolation import DiskLimit

# By kind: the file of version 1, and the key in io.max of version 2 (kernel: admin-guide/cgroup-v1/
# blkio-controller.rst, admin-guide/cgroup-v2.rst).
_KINDS = {
    "read-bps": ("blkio.throttle.read_bps_device", "rbps"),
    "write-bps": ("blkio.throttle.write_bps_device", "wbps"),
    "read-iops": ("blkio.throttle.read_iops_device", "riops"),
    "write-iops": ("blkio.throttle.write_iops_device", "wiops"),
}
CONTROLLERS = ("blkio", "io")


def option_of(limit: DiskLimit) -> str:
    """The option that asks for it."""
    return f"--device-{limit.kind}"


def disk_settings(hierarchy: Hierarchy, limits: Iterable[DiskLimit]) -> Iterator[Setting]:
    """What a tree of groups is told of them.

    :raises NotFound: a disk is not there (any more). :raises InvalidArgument: something else stands there.
    """
    if not set(CONTROLLERS) & set(hierarchy.controllers):
        return
    for limit in limits:
        file, key = _KINDS[limit.kind]
        number = disk_number(limit)
        if hierarchy.version == 1:
            yield Setting(file, f"{number} {limit.value}", option_of(limit))
        else:
            yield Setting("io.max", f"{number} {key}={limit.value}", option_of(limit))


def disk_number(limit: DiskLimit) -> str:
    """`MAJOR:MINOR` of the disk.

    :raises NotFound: there is none. :raises InvalidArgument: something else stands there.
    """
    try:
        status = os.stat(limit.path)
    except OSError as error:
        raise NotFound(f"{option_of(limit)} {limit.path}: {error.strerror}") from error
    if not stat.S_ISBLK(status.st_mode):
        raise InvalidArgument(f"{option_of(limit)} {limit.path} is no disk", hint="for example /dev/sda:1mb")
    return f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
