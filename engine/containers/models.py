"""What fronts see of containers, and what they say to make one.

Sizes are bytes, times seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.oci import Digest


class Status(StrEnum):
    """Docker's words for where a container stands."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    EXITED = "exited"
    DEAD = "dead"  # its monitor was killed; how the program ended is not known


@dataclass(frozen=True, slots=True)
class BindMount:
    """A directory or file of the host inside a container."""

    source: str  # absolute
    target: str  # absolute, inside
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class ContainerOptions:
    """How to make a container; a field left at its default takes the image's value.

    :param command: words after the image; replace the image's cmd.
    :param entrypoint: None keeps the image's; a tuple replaces it (and drops the image's cmd).
    :param env: `NAME=value`, later wins.
    :param network: "none" or "host".
    """

    image: str
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] | None = None
    name: str = ""
    hostname: str = ""
    env: tuple[str, ...] = ()
    workdir: str = ""
    user: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    binds: tuple[BindMount, ...] = ()
    network: str = "none"
    read_only: bool = False
    tty: bool = False
    interactive: bool = False
    auto_remove: bool = False


@dataclass(frozen=True, slots=True)
class ContainerSummary:
    """One container, as a list row.

    :param image: the reference as the person gave it, familiar form.
    :param pid: of the container's first process as the host sees it; 0 when it does not run.
    :param exit_code: None while it has not ended, or where that is not known.
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


@dataclass(frozen=True, slots=True)
class StepRow:
    """One thing the engine did to start a container.

    :param what: one sentence; :param command: the shell command that would do the same, or "".
    :param seconds: how long it took.
    """

    name: str
    what: str
    command: str
    seconds: float


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line (or the start of one that is very long) of a container's output."""

    time: float
    stream: str  # "stdout" or "stderr"
    text: str  # raw, as the program wrote it, without the newline
    partial: bool = False  # the line goes on in the next record
