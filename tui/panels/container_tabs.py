"""The tabs of a container: which there are, and how each is drawn from what is known."""

from __future__ import annotations

from typing import TypeVar

from engine.containers.models import ContainerSummary
from tui.facts import Facts, Happened, Inspected, Paths, Processes, Trouble, Walls, Written
from tui.panels import tabs
from tui.panels.happenings import happenings
from tui.panels.overlay import overlay
from tui.panels.packets import packets
from tui.panels.page import Page
from tui.panels.processes import processes
from tui.panels.settings import container_config, health, mounts
from tui.panels.stats import stats
from tui.panels.walls import walls
from tui.state import State
from tui.text import safe
from tui.widgets.columns import Column

CONTAINER_TABS = (
    "Logs", "Stats", "Processes", "Config", "Mounts", "Network", "Overlay", "Namespaces", "Steps", "Health",
    "Events", "Files",
)  # fmt: skip
FOLLOWING = frozenset({"Logs", "Events"})
"""Tabs that grow at their end."""
_ONE = (Column(1, most=4096, grow=1),)

_Kind = TypeVar("_Kind", bound=Facts)


def container_page(
    state: State, container: ContainerSummary, tab: str, width: int, height: int
) -> Page | None:
    """A tab as it is to be drawn now; None while nothing is known of it.

    :param width: cells that there are; :param height: lines.
    """
    known = state.facts.get((container.id, tab))
    if isinstance(known, Trouble):
        return Page(_ONE, (), ("", safe(known.message, 500), safe(known.hint, 500)))
    running, now = bool(container.pid), state.now()
    match tab:
        case "Stats":
            return stats(state.histories.of(container.id), running, width, height)
        case "Processes":
            return processes(_as(Processes, known), running, now)
        case "Config":
            return container_config(_as(Inspected, known), container)
        case "Mounts":
            return mounts(_as(Inspected, known))
        case "Network":
            return packets(_as(Paths, known), container)
        case "Overlay":
            return overlay(_as(Written, known), state.detail, running)
        case "Namespaces":
            return walls(_as(Walls, known))
        case "Health":
            return health(_as(Inspected, known))
        case "Events":
            return happenings(_as(Happened, known))
        case _:
            return tabs.steps(state.steps.get(container.id))


def _as(kind: type[_Kind], value: Facts | None) -> _Kind | None:
    return value if isinstance(value, kind) else None
