"""What fronts see of the host and of the store as a whole.

Sizes are bytes, times seconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

CgroupVersion = Literal["v1", "v2", "hybrid", "none"]


@dataclass(frozen=True, slots=True)
class StoreTotals:
    """How much lies in a store, and what keeping every layer once saves.

    :param layers: distinct layers that the images stand on.
    :param unpacked: bytes of those layers on disk, each counted once.
    :param saved: bytes that images would take besides, if each kept its layers for itself.
    """

    images: int
    layers: int
    containers: int
    running: int
    unpacked: int
    saved: int


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that an ordinary user does without.

    :param what: its name. :param cost: what does not work for want of it.
    :param command: what would add it; "" where nothing does.
    """

    what: str
    cost: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Rootless:
    """How the store's user namespace is.

    :param ids: how many it has; 1 is the user alone, who is root inside.
    :param network: the program that leads containers outside; "" where none does.
    """

    ids: int
    network: str
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class HostInfo:
    """The machine the engine works on, and the store it works with.

    :param mode: "root", or "rootless" for an ordinary user.
    :param filesystem: of the store's directory, as the kernel calls it (`ext4`, `overlay`, …).
    :param overlay: whether this kernel offers overlayfs; its layers then mount without copying.
    :param memory: of the machine.
    :param limits: controllers of control groups that a container's limits can be set with.
    :param seccomp: whether system calls are filtered by default, and if not, why.
    :param rootless: what an ordinary user has and lacks; None for root.
    """

    name: str
    mode: Literal["root", "rootless"]
    system: str
    kernel: str
    architecture: str
    cpus: int
    memory: int
    cgroup: CgroupVersion
    overlay: bool
    filesystem: str
    version: str
    python: str
    root: Path
    run: Path
    totals: StoreTotals
    limits: tuple[str, ...] = ()
    seccomp: str = ""
    rootless: Rootless | None = None
