"""What runs in a container, as a tree: pids on the host beside those inside."""

from __future__ import annotations

from functools import lru_cache
from pwd import getpwuid
from typing import TYPE_CHECKING

from tui.facts import Processes
from tui.panels.page import Page
from tui.text import age, count, safe, size
from tui.widgets.columns import Column, Row, cell

if TYPE_CHECKING:
    from engine.runtime.processes import ProcessRow

_COLUMNS = (
    Column(7, right=True, drop=4),
    Column(6, right=True),
    Column(8, most=12, drop=3),
    Column(1, drop=5),
    Column(6, right=True),
    Column(6, right=True, drop=1),
    Column(4, right=True, drop=2),
    Column(16, most=4096, grow=1),
)
_HEADING = tuple(
    cell(word, "muted") for word in ("on host", "inside", "user", "s", "cpu", "memory", "age", "command")
)
_DEEPEST = 12
_NOT_RUNNING = ("", "It does not run. S starts it, and its processes stand here.")


def processes(known: Processes | None, running: bool, now: float) -> Page | None:
    """The tree of processes; None while it is not known."""
    if not running:
        return Page(_COLUMNS, (), _NOT_RUNNING)
    if known is None:
        return None
    rows = [_row(depth, row, known.cpu.get(row.pid), now) for depth, row in known.rows]
    threads = sum(row.threads for _, row in known.rows)
    words = f"{count(threads, 'thread')}, {size(sum(row.memory for _, row in known.rows))}"
    return Page(_COLUMNS, rows, ("", "Nothing runs."), ((words, "muted"),), _HEADING)


def _row(depth: int, row: ProcessRow, cpu: int | None, now: float) -> Row:
    command = safe(row.command)
    branch = "  " * (min(depth, _DEEPEST) - 1) + "└ " if depth else ""
    cells = (
        cell(str(row.pid), "muted"),
        cell(str(row.inside), "accent" if row.inside == 1 else "text"),
        cell(_user(row.uid)),
        cell(safe(row.state[:1]), "warn" if row.state in ("D", "Z") else "muted"),
        cell("" if cpu is None else f"{cpu} %", "text" if cpu else "muted"),
        cell(size(row.memory)),
        cell(age(now - row.started), "muted"),
        ((branch, "frame"), (command, "text")),
    )
    return Row(str(row.pid), cells, f"{row.pid} {row.inside} {command}".lower(), command)


@lru_cache(maxsize=256)
def _user(uid: int) -> str:
    """The host's name for a user, to whom the process belongs there; else the number."""
    try:
        return safe(getpwuid(uid).pw_name)
    except KeyError:
        return str(uid)
