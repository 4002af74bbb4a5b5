"""What fronts see of containers, and what they say to make one.

Sizes are bytes, times seconds since the epoch.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from engine.network.wishes import Attachment, Publish
from engine.oci import Digest
from engine.oci.run_config import HealthCheck
from engine.runtime.isolation import (
    DOCKERS,
    NO_NAMES,
    UNLIMITED,
    Device,
    Isolation,
    Names,
    Resources,
    Tmpfs,
    Ulimit,
)
from engine.runtime.log_limits import LogLimits
from engine.runtime.models import LogLine, LogRange, StepRow
from engine.runtime.policy import NEVER, RestartPolicy

__all__ = [
    "Attachment",
    "BindMount",
    "ContainerOptions",
    "ContainerSummary",
    "Device",
    "HealthCheck",
    "Isolation",
    "LogLimits",
    "LogLine",
    "LogRange",
    "MountRow",
    "Names",
    "Publish",
    "Resources",
    "RestartPolicy",
    "Status",
    "StepRow",
    "Tmpfs",
    "Ulimit",
    "VolumeMount",
]


class Status(StrEnum):
    """Docker's words for where a container stands."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    EXITED = "exited"
    DEAD = "dead"  # its monitor was killed; how the program ended is not known


class BindMount(NamedTuple):
    """A directory or file of the host inside a container.

    :param propagation: of mounts that come and go below: "rprivate", "rslave", "rshared" (or without the r).
    :param recursive: Docker's bind-recursive: "enabled", "disabled" (without what is mounted below),
        "writable" (what is mounted below may be written), "readonly".
    :param make: make a directory where the source is missing, as `-v` does.
    """

    source: str  # absolute
    target: str  # absolute, inside
    read_only: bool = False
    propagation: str = "rprivate"
    recursive: str = "enabled"
    make: bool = False


class VolumeMount(NamedTuple):
    """A volume inside a container.

    :param name: made where there is none of the name; "" is a new one without a name (anonymous).
    :param no_copy: leave an empty volume empty, instead of filling it from the image.
    :param subpath: a directory or file of the volume that is shown instead of its top.
    :param labels: of the volume, where it is made.
    """

    name: str
    target: str  # absolute, inside
    read_only: bool = False
    no_copy: bool = False
    subpath: str = ""
    labels: Mapping[str, str] = MappingProxyType({})


class ContainerOptions(NamedTuple):
    """How to make a container; a field left at its default takes the image's value.

    :param command: words after the image; replace the image's cmd.
    :param entrypoint: None keeps the image's; a tuple replaces it (and drops the image's cmd).
    :param env: `NAME=value`, later wins.
    :param network: "none", "host", or the first of its networks.
    :param attachments: its networks, the first of them `network`; none said is that one alone.
    :param publish_all: publish every port that the image or `exposed` names.
    :param exposed: ports that its program listens at beside the image's, "80/tcp".
    :param annotations: notes that mean nothing to the engine.
    :param volumes_from: containers whose mounts it gets, `NAME[:ro]`.
    :param stop_timeout: seconds from the stop signal to SIGKILL.
    :param reaper: put a small program before the container's own, which reaps orphans (`--init`).
    :param health: over what the image says, field by field. :param no_health: ask nothing, whatever it says.
    """

    image: str
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] | None = None
    name: str = ""
    hostname: str = ""
    env: tuple[str, ...] = ()
    workdir: str = ""
    user: str = ""
    labels: Mapping[str, str] = MappingProxyType({})
    annotations: Mapping[str, str] = MappingProxyType({})
    binds: tuple[BindMount, ...] = ()
    volumes: tuple[VolumeMount, ...] = ()
    volumes_from: tuple[str, ...] = ()
    network: str = "none"
    attachments: tuple[Attachment, ...] = ()
    ports: tuple[Publish, ...] = ()
    publish_all: bool = False
    exposed: tuple[str, ...] = ()
    read_only: bool = False
    tty: bool = False
    interactive: bool = False
    auto_remove: bool = False
    stop_signal: str = ""
    stop_timeout: float = 10
    reaper: bool = False
    isolation: Isolation = DOCKERS
    resources: Resources = UNLIMITED
    names: Names = NO_NAMES
    restart: RestartPolicy = NEVER
    health: HealthCheck = HealthCheck()
    no_health: bool = False
    log: LogLimits = LogLimits()


class MountRow(NamedTuple):
    """What is mounted in a container: a volume by its name, or a path of the host ("" for a volume)."""

    volume: str
    source: str
    target: str


class ContainerSummary(NamedTuple):
    """One container, as a list row.

    :param image: the reference as the person gave it, familiar form.
    :param pid: of the container's first process as the host sees it; 0 when it does not run.
    :param exit_code: None while it has not ended, or where that is not known.
    :param health: "starting", "healthy" or "unhealthy" while it runs and is asked; else "".
    :param ports: published just now.
    :param restarts: how many times its monitor started it again since somebody did.
    :param exposed: ports that its program listens at, "80/tcp", published or not.
    :param networks: names of those it is on, the first one first.
    """

    id: str  # 64 hex digits
    name: str
    image: str
    image_id: Digest
    command: tuple[str, ...]
    created: float
    status: Status
    pid: int
    exit_code: int | None
    started: float | None
    finished: float | None
    error: str
    network: str
    tty: bool
    labels: Mapping[str, str]
    health: str = ""
    restarts: int = 0
    ports: tuple[Publish, ...] = ()
    exposed: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    mounts: tuple[MountRow, ...] = ()
