"""Driving a workstation in tests: waiting on what is known, never on time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from textual.pilot import Pilot

from tui.app import Lamina
from tui.panels.inspector import Inspector
from tui.panels.logs import LogList
from tui.text import width_of
from tui.widgets.columns import lay_out
from tui.widgets.rows import RowList

Driver = Pilot[None]


async def until(pilot: Driver, holds: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Let the app work until something holds; fails by name when it never does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await pilot.pause()
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"never came: {what}")


async def ready(pilot: Driver) -> None:
    """Wait until the first screen is whole: lists, details and files are known."""
    state = app_of(pilot).state
    await until(pilot, lambda: state.images is not None and state.containers is not None, "the lists")
    await until(pilot, lambda: state.host is not None, "the host")
    if state.images:
        await until(pilot, lambda: state.detail is not None, "the layers")
        await until(pilot, lambda: state.layer in state.tables, "the files")
    await pilot.pause()


def app_of(pilot: Driver) -> Lamina:
    """The workstation a pilot drives."""
    app = pilot.app
    assert isinstance(app, Lamina)
    return app


def text_of(rows: RowList) -> str:
    """All rows of a list as they would be drawn 120 cells wide, without colours."""
    from tui.widgets.columns import fit

    if isinstance(rows, LogList) and rows.logs is not None:
        drawn = rows.logs.draw(120, 100_000, 0.0)
        return "\n".join("".join(text for text, _ in line.spans).rstrip() for line in drawn)
    widths = fit(rows.columns, 120)
    lines = ("".join(text for text, _ in lay_out(rows.columns, widths, row.cells)) for row in rows.rows)
    return "\n".join(line.rstrip() for line in lines)


def screen_lines(pilot: Driver) -> list[str]:
    """The screen as it was drawn, one string a line."""
    strips = pilot.app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]


def widths(pilot: Driver) -> set[int]:
    """The cells that the lines of the screen take; one number where nothing is torn."""
    return {width_of(line) for line in screen_lines(pilot)}


async def open_tab(pilot: Driver, tab: str, holds: Callable[[str], bool] = bool) -> Inspector:
    """Go to a tab of the first container, and wait until its text is as it should be."""
    inspector = app_of(pilot).workbench.inspector
    if inspector.state.subject is None or inspector.state.subject.kind != "container":
        await pilot.press("2")
    await pilot.press("4")
    inspector.open_tab(tab)
    await until(pilot, lambda: holds(text_of(inspector)), f"the tab {tab}")
    return inspector
