"""What the tabs of a container tell, as plain values, each read only while its tab is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.containers.namespaces import ContainerNamespaces
    from engine.containers.network_view import PacketPath
    from engine.containers.overlays import OverlayChange, OverlayView
    from engine.events import Event
    from engine.runtime.processes import ProcessRow


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a tab cannot be read."""

    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Inspected:
    """A container by the keys of Docker's Engine API, ContainerInspect."""

    values: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Processes:
    """What runs in a container, parents before their children.

    :param cpu: percent of one processor by pid, since the look before.
    """

    rows: tuple[tuple[int, ProcessRow], ...]  # each with its depth below the first
    cpu: Mapping[int, int] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Paths:
    """The ways of a container's packets, one for each of its networks."""

    paths: tuple[PacketPath, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A writable layer, and what was seen to happen to it, the newest first, each with its time.

    :param view: with the dearest of its changes, the dearest first. :param counts: of all, by what was done.
    """

    view: OverlayView
    counts: tuple[tuple[str, int], ...] = ()
    feed: tuple[tuple[float, OverlayChange], ...] = ()


@dataclass(frozen=True, slots=True)
class Walls:
    """What the kernel shows a container; None while it does not run."""

    seen: ContainerNamespaces | None


@dataclass(frozen=True, slots=True)
class Happened:
    """A container's events, the oldest first."""

    events: tuple[Event, ...]


Facts = Trouble | Inspected | Processes | Paths | Written | Walls | Happened
