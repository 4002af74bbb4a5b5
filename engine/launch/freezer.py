"""Holding a container's processes where they are: cgroup.freeze of version 2, the freezer of version 1.

Kernel: admin-guide/cgroup-v2.rst, admin-guide/cgroup-v1/freezer-subsystem.rst.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .cgroups import Group

_FILE_OF_1, _FILE_OF_2 = "freezer.state", "cgroup.freeze"


def freezer_of(groups: list[Group]) -> str:
    """The file that holds and lets go what is in the groups; "" where this machine has none.

    Version 2 where there is a choice: what it holds can still be killed.
    """
    for version, name in ((2, _FILE_OF_2), (1, _FILE_OF_1)):
        for group in groups:
            file = os.path.join(group.path, name)
            if group.version == version and os.path.exists(file):
                return file
    return ""


def is_held(file: str) -> bool:
    """Whether every process of the group stands still, as the kernel says."""
    try:
        if file.endswith(_FILE_OF_1):
            return _read(file) == "FROZEN"
        events = _read(os.path.join(os.path.dirname(file), "cgroup.events"))
        return "frozen 1" in events.splitlines()
    except OSError:
        return False  # the group is gone, and all that was in it


def hold(file: str, held: bool) -> None:
    """Have the kernel stop the group's processes, or go on with them; stopping takes it a moment.

    :raises OSError: the group is gone.
    """
    first = file.endswith(_FILE_OF_1)
    word = ("FROZEN" if held else "THAWED") if first else str(int(held))
    fd = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, word.encode())
    finally:
        os.close(fd)


def let_go(paths: Iterable[str]) -> None:
    """Go on with whatever is held in groups; in version 1 it could not even be killed."""
    for path in paths:
        for name in (_FILE_OF_2, _FILE_OF_1):
            try:
                hold(os.path.join(path, name), False)
            except OSError:
                continue  # this group's tree does not hold processes, or the group is gone


def _read(file: str) -> str:
    with open(file) as opened:
        return opened.read().strip()
