"""Pictures of the screens that are met every day, in two sizes and two themes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.conftest import Make
from tests.tui.driving import app_of, ready, screen_lines, until
from tests.tui.fake import FakeSource

Compare = Callable[..., bool]
Steps = Callable[[Pilot[Any]], Awaitable[None]]

_SIZES = [(80, 24), (160, 45)]
_THEMES = ["lamina-dark", "lamina-light"]


async def _first(pilot: Pilot[Any]) -> None:
    await ready(pilot)


async def _layers(pilot: Pilot[Any]) -> None:
    await ready(pilot)
    await pilot.press("3")
    await pilot.pause()


async def _logs(pilot: Pilot[Any]) -> None:
    await ready(pilot)
    inspector = app_of(pilot).workbench.inspector
    await pilot.press("2", "l")
    await until(pilot, lambda: len(inspector.rows) == 40, "the log")


async def _steps(pilot: Pilot[Any]) -> None:
    await _logs(pilot)
    inspector = app_of(pilot).workbench.inspector
    inspector.open_tab("Steps")
    await until(pilot, lambda: len(inspector.rows) == 6, "the steps")


async def _run(pilot: Pilot[Any]) -> None:
    await ready(pilot)
    await pilot.press("R", "tab", *"db")
    await pilot.pause()


async def _remove(pilot: Pilot[Any]) -> None:
    await ready(pilot)
    await pilot.press("d")
    await until(pilot, lambda: "Frees" in "\n".join(screen_lines(pilot)), "the question")


async def _help(pilot: Pilot[Any]) -> None:
    await ready(pilot)
    await pilot.press("question_mark")
    await pilot.pause()


async def _pulling(pilot: Pilot[Any]) -> None:
    await ready(pilot)
    app = app_of(pilot)
    await pilot.press("P", *"postgres:15.1", "enter")
    await until(pilot, lambda: app.state.plan is not None, "the plan")
    await pilot.press("enter")
    await until(pilot, lambda: " of 64 B" in "\n".join(screen_lines(pilot)), "progress")


async def _networks(pilot: Pilot[Any]) -> None:
    await ready(pilot)
    await pilot.press("6")
    await until(pilot, lambda: "pgdata" in "\n".join(screen_lines(pilot)), "the lists")


async def _files(pilot: Pilot[Any]) -> None:
    await ready(pilot)
    await pilot.press("2", "F")
    await until(pilot, lambda: "motd" in "\n".join(screen_lines(pilot)), "the files")


_SCREENS: dict[str, Steps] = {
    "first": _first,
    "layers": _layers,
    "logs": _logs,
    "steps": _steps,
    "run": _run,
    "remove": _remove,
    "help": _help,
    "networks": _networks,
    "files": _files,
}


@pytest.mark.parametrize("theme", _THEMES)
@pytest.mark.parametrize("size", _SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("screen", _SCREENS)
def test_screen(snap_compare: Compare, make: Make, screen: str, size: tuple[int, int], theme: str) -> None:
    assert snap_compare(make(theme=theme), terminal_size=size, run_before=_SCREENS[screen])


@pytest.mark.parametrize("theme", _THEMES)
@pytest.mark.parametrize("size", _SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_empty_store(snap_compare: Compare, make: Make, size: tuple[int, int], theme: str) -> None:
    app = make(FakeSource(empty=True), theme)
    assert snap_compare(app, terminal_size=size, run_before=_first)


@pytest.mark.parametrize("theme", _THEMES)
@pytest.mark.parametrize("size", _SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_pull_under_way(snap_compare: Compare, make: Make, size: tuple[int, int], theme: str) -> None:
    source = FakeSource()
    del source.stacks["postgres:15.1"]
    source.hold_pull.clear()
    assert snap_compare(make(source, theme), terminal_size=size, run_before=_pulling)
