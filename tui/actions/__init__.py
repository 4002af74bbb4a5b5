"""Every verb of the screen once: its key, its words, its danger, and the command that does the same.

Footer, help, palette and key bindings are drawn from `ACTIONS`; `tui.commands` and the screens carry
the verbs out.
"""

from __future__ import annotations

from tui.actions.containers import ON_CONTAINERS
from tui.actions.equivalents import name_of_image, pull_command
from tui.actions.inside import INSIDE
from tui.actions.lessons import LESSONS
from tui.actions.logs import ON_LOGS
from tui.actions.model import Action, Context, Group, Place, ScreenName
from tui.actions.stores import STORES
from tui.actions.tabs import ON_TABS
from tui.actions.workbench import LEFT, ON_WORKBENCH, lab_down, remove_command

__all__ = [
    "ACTIONS", "GROUPS", "MOVING", "Action", "Context", "Place", "ScreenName", "action", "footer_actions",
    "name_of_image", "pull_command", "remove_command",
]  # fmt: skip

ACTIONS: tuple[Action, ...] = (
    *ON_WORKBENCH, *ON_CONTAINERS, *ON_TABS, *INSIDE, *ON_LOGS, *STORES, *LESSONS
)  # fmt: skip

GROUPS: dict[Group, str] = {
    "go": "Moving",
    "images": "Images",
    "containers": "Containers",
    "logs": "Logs",
    "inside": "Inside images",
    "stores": "Networks, volumes, files",
    "lessons": "Lessons",
    "activity": "Activity",
    "program": "Lamina",
}

MOVING: tuple[tuple[str, str], ...] = (
    ("j k ↓ ↑", "move by a row"),
    ("g G", "first row, last row"),
    ("PgUp PgDn", "move by a screen"),
)
"""Keys of every list; they belong to the list itself, not to a verb."""

_BY_ID = {item.id: item for item in ACTIONS}


def action(action_id: str) -> Action:
    """The verb with that id."""
    return _BY_ID[action_id]


def footer_actions(ctx: Context, most: int = 6) -> list[Action]:
    """The verbs that matter where the person stands, the most telling first."""
    own = [item for item in ACTIONS if ctx.place in item.places and item.available(ctx)]
    if ctx.place in LEFT and not ctx.state.images and lab_down(ctx) and not ctx.state.read_only:
        own[:0] = [action("lab_up"), action("lessons")]
    return sorted(own, key=lambda item: item.group == "go")[:most]
