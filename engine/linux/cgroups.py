"""Which control groups this machine has: version 1, version 2, or both side by side. cgroups(7)

Found by looking at what is mounted and can be written, not by the kernel's version.
"""

import functools
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

_LARGEST_FILE = 4 << 20  # bytes of mountinfo; a host with more mounts has other troubles
_ESCAPE = re.compile(r"\\([0-7]{3})")
_OPTIONS = frozenset({"rw", "ro", "xattr", "clone_children", "cpuset_v2_mode", "noprefix", "favordynmods"})

Mode = Literal["v1", "v2", "hybrid", "none"]
_Groups = Mapping[frozenset[str], str]


class Hierarchy(NamedTuple):
    """One tree of groups.

    :param path: where this process may make groups: where it is mounted, or below, where some of it is
        delegated. :param version: 1 or 2.
    :param controllers: what it limits, such as "memory"; "name=systemd" for one that only gives names.
    :param mounted: the name of the directory it is mounted at, where that is not the last of `path`.
    """

    path: Path
    version: int
    controllers: tuple[str, ...]
    mounted: str = ""

    @property
    def name(self) -> str:
        """What it is called below /sys/fs/cgroup."""
        return self.mounted or self.path.name


class Cgroups(NamedTuple):
    """All trees of groups in which this process may make one."""

    hierarchies: tuple[Hierarchy, ...]

    @property
    def mode(self) -> Mode:
        """Docker's and systemd's word for the arrangement."""
        versions = {hierarchy.version for hierarchy in self.hierarchies}
        if versions == {1, 2}:
            return "hybrid"
        return "v2" if versions == {2} else "v1" if versions == {1} else "none"

    def of(self, controller: str) -> Hierarchy | None:
        """The tree that has a controller."""
        for hierarchy in self.hierarchies:
            if controller in hierarchy.controllers:
                return hierarchy
        return None


def find_cgroups(
    mountinfo: Path = Path("/proc/self/mountinfo"),
    root: Path = Path("/"),
    own: Path = Path("/proc/self/cgroup"),
) -> Cgroups:
    """What there is.

    :param mountinfo: the table of mounts, proc_pid_mountinfo(5).
    :param root: what the table's paths are below; for recorded trees.
    :param own: the groups that this process is in, cgroups(7); whoever may not write to a whole tree may
        have been given the part that he is in.
    """
    with mountinfo.open("rb") as file:
        lines = file.read(_LARGEST_FILE).decode("utf-8", "surrogateescape").splitlines()
    found: dict[tuple[str, ...], Hierarchy] = {}
    own_groups = functools.cache(functools.partial(_own_groups, own))  # asked for where a tree is not ours
    for line in lines:
        hierarchy = _hierarchy(line, root, own_groups)
        if hierarchy and hierarchy.controllers not in found:
            found[hierarchy.controllers] = hierarchy
    return Cgroups(tuple(sorted(found.values(), key=lambda one: (one.version, str(one.path)))))


def _hierarchy(line: str, root: Path, own_groups: Callable[[], _Groups]) -> Hierarchy | None:
    left, dash, right = line.partition(" - ")
    before, after = left.split(" "), right.split(" ")
    if not dash or len(before) < 6 or len(after) < 3 or after[0] not in ("cgroup", "cgroup2"):
        return None
    if "ro" in before[5].split(","):
        return None
    path = root / _ESCAPE.sub(lambda octal: chr(int(octal[1], 8)), before[4]).lstrip("/")
    names = [name for name in after[2].split(",") if _is_controller(name)] if after[0] == "cgroup" else []
    if after[0] == "cgroup" and not names:
        return None
    mounted = ""
    if not os.access(path, os.W_OK):
        part = _delegated(path, before[3], own_groups().get(frozenset(names), ""))
        if part is None:
            return None
        mounted, path = path.name, part
    if names:
        return Hierarchy(path, 1, tuple(names), mounted)
    try:
        return Hierarchy(path, 2, tuple((path / "cgroup.controllers").read_text("utf-8").split()), mounted)
    except OSError:
        return None


def _own_groups(own: Path) -> _Groups:
    """The group that this process is in, of the tree with each set of controllers, as far as it is said."""
    try:
        lines = own.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return {}
    found: dict[frozenset[str], str] = {}
    for line in lines:
        _, controllers, group = line.split(":", 2)
        found.setdefault(frozenset(controllers.split(",")) - {""}, group)
    return found


def _delegated(mounted: Path, top: str, group: str) -> Path | None:
    """The topmost group above this process's, or that one, in which groups can be made and joined.

    :param top: the group that is seen where the tree is mounted.
    """
    below = group.removeprefix(top).strip("/") if group.startswith(top) else ""
    path = mounted
    for name in below.split("/") if below and ".." not in below.split("/") else ():
        path = path / name
        if os.access(path, os.W_OK) and os.access(path / "cgroup.procs", os.W_OK):
            return path
    return None


def _is_controller(option: str) -> bool:
    return option not in _OPTIONS and (option.startswith("name=") or "=" not in option)
