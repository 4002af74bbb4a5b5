"""Whether the host's mounts share what a container is to see of them. proc_pid_mountinfo(5)"""

from __future__ import annotations

import os
import re

from engine.errors import InvalidArgument
from engine.runtime.config import Bind

_OCTAL = re.compile(r"\\([0-7]{3})")


def check_propagation(bind: Bind) -> None:
    """As Docker: slave wants a mount that is shared or a slave itself, shared one that is shared.

    :raises InvalidArgument: the mount that the source lies on is not.
    """
    mount, tags = _mount_of(os.path.realpath(bind.source))
    wanted = ("shared:", "master:") if bind.propagation.endswith("slave") else ("shared:",)
    if not any(tag.startswith(wanted) for tag in tags):
        kind = "shared or slave" if len(wanted) > 1 else "shared"
        raise InvalidArgument(
            f"{bind.source} is mounted on {mount}, which is not a {kind} mount",
            hint=f"make it one: mount --make-shared {mount}",
        )


def _mount_of(path: str) -> tuple[str, list[str]]:
    """The mount point that a path lies on, and its optional fields; of several there, the last one."""
    best, tags = "", list[str]()
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            before, _, _ = line.partition(" - ")
            fields = before.split(" ")
            point = _OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[4])
            if len(point) >= len(best) and (path + "/").startswith(point.rstrip("/") + "/"):
                best, tags = point, fields[6:]
    return best, tags
