"""What the machine is and what the store on it holds."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from engine import __version__
from engine.containers.models import Status
from engine.linux.cgroups import find_cgroups
from engine.models import CgroupVersion, HostInfo, StoreTotals
from engine.runtime.seccomp.kept import describe

if TYPE_CHECKING:
    from engine.containers.models import ContainerSummary
    from engine.images.models import ImageSummary
    from engine.store.layout import Layout

_ALL_IDS = 4294967295  # the length of the initial user namespace's map, user_namespaces(7)


def host_info(layout: Layout, images: list[ImageSummary], containers: list[ContainerSummary]) -> HostInfo:
    """Everything that `lamina info` shows.

    :param images: all of the store; :param containers: all of the store.
    """
    mounts = _mounts()
    mode, limits = _mode(), _controllers()
    if mode == "rootless":
        from engine.layers.ways import way
        from engine.rootless.facts import rootless
    return HostInfo(
        name=platform.node(),
        mode=mode,
        system=_system(),
        kernel=platform.release(),
        architecture=platform.machine(),
        cpus=len(os.sched_getaffinity(0)),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        cgroup=_cgroup({kind for _, kind in mounts}),
        overlay="overlay" in _words(Path("/proc/filesystems")),
        filesystem=_filesystem(layout.root, mounts),
        version=__version__,
        python=platform.python_version(),
        root=layout.root,
        run=layout.run,
        totals=totals(images, containers),
        limits=limits,
        seccomp=describe(),
        rootless=rootless(limits, way(layout), layout.run, layout.root) if mode == "rootless" else None,
    )


def _controllers() -> tuple[str, ...]:
    found = (name for hierarchy in find_cgroups().hierarchies for name in hierarchy.controllers)
    return tuple(sorted(name for name in found if "=" not in name))


def totals(images: list[ImageSummary], containers: list[ContainerSummary]) -> StoreTotals:
    """Counts, and bytes with every layer counted once."""
    sizes = {layer.diff_id: layer.unpacked for image in images for layer in image.layers}
    unpacked = sum(sizes.values())
    apart = sum(layer.unpacked for image in images for layer in image.layers)
    return StoreTotals(
        images=len(images),
        layers=len(sizes),
        containers=len(containers),
        running=sum(container.status in (Status.RUNNING, Status.PAUSED) for container in containers),
        unpacked=unpacked,
        saved=apart - unpacked,
    )


def _mode() -> Literal["root", "rootless"]:
    # A rootless engine is uid 0 of its own user namespace: only the map tells the difference.
    inside, outside, length = map(int, Path("/proc/self/uid_map").read_text("ascii").split()[:3])
    whole = (inside, outside, length) == (0, 0, _ALL_IDS)
    return "root" if os.geteuid() == 0 and whole else "rootless"


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    except OSError:
        return platform.system()


def _mounts() -> list[tuple[str, str]]:
    """Device number and filesystem of every mount, the latest last (man 5 proc_pid_mountinfo)."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines():
        fields, _, rest = line.partition(" - ")
        found.append((fields.split()[2], rest.split()[0]))
    return found


def _cgroup(kinds: set[str]) -> CgroupVersion:
    if "cgroup" in kinds:
        return "hybrid" if "cgroup2" in kinds else "v1"
    return "v2" if "cgroup2" in kinds else "none"


def _filesystem(path: Path, mounts: list[tuple[str, str]]) -> str:
    device = path.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    # btrfs gives subvolumes device numbers that no mount has.
    return next((kind for number, kind in reversed(mounts) if number == wanted), "unknown")


def _words(path: Path) -> list[str]:
    return path.read_text("ascii").split()
