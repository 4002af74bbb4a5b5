"""What happened to a container, from its making on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.facts import Happened
from tui.panels.page import Page, moment
from tui.text import safe
from tui.widgets.columns import Column, Row, cell

if TYPE_CHECKING:
    from engine.events import Event

_COLUMNS = (Column(19), Column(10, most=26, grow=1), Column(12, most=4096, grow=3, drop=1))
_EMPTY = ("", "The journal has nothing on it any more: it keeps what happened last on this store.")
_BAD = frozenset({"die", "oom", "kill"})
_GOOD = frozenset({"start", "unpause", "restart"})
_KNOWN = frozenset({"name", "image", "container"})  # said elsewhere on the screen


def happenings(known: Happened | None) -> Page | None:
    """A container's events, the newest last; None while they are not known."""
    if known is None:
        return None
    rows = [_row(event) for event in known.events]
    return Page(_COLUMNS, rows, _EMPTY)


def _row(event: Event) -> Row:
    action = event.action if event.kind == "container" else f"{event.kind} {event.action}"
    said = {**event.attributes}
    if event.kind != "container" and (name := said.get("name")):
        action = f"{action} {name}"
    code = said.get("exitCode")
    bad = event.action in _BAD and code != "0"
    ink = "bad" if bad else "good" if event.action in _GOOD else "text"
    more = "  ".join(f"{key} {value}" for key, value in sorted(said.items()) if key not in _KNOWN)
    action, more = safe(action, 200), safe(more)
    cells = (cell(moment(event.time), "muted"), cell(action, ink), cell(more, "muted"))
    # Numbered by time, so that the cursor stays on its event when the oldest leave.
    return Row(f"{event.time}-{event.action}", cells, f"{action} {more}".lower(), f"{action}  {more}".strip())
