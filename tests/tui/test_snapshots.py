"""Pictures of every screen, in three sizes and two themes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.tui.conftest import Make
from tests.tui.driving import Driver, app_of, open_tab, ready, screen_lines, until
from tests.tui.fake_still import StillSource, sampled
from tests.tui.pictures import SIZES, THEMES, compare, pictures, settled, sized
from tui.panels.inspector import IMAGE_TABS
from tui.screens.compare import Compare
from tui.screens.explorer import Explorer
from tui.screens.text import TextDialog

Steps = Callable[[Driver], Awaitable[None]]


def _shown(pilot: Driver, words: str) -> bool:
    return words in "\n".join(screen_lines(pilot))


def _keys(*keys: str, shows: str = "") -> Steps:
    """Press keys, and wait for words to stand on the screen."""

    async def steps(pilot: Driver) -> None:
        await pilot.press(*keys)
        if shows:
            await until(pilot, lambda: _shown(pilot, shows), shows)

    return steps


def _image_tab(name: str) -> Steps:
    async def steps(pilot: Driver) -> None:
        inspector = app_of(pilot).workbench.inspector
        await pilot.press("4")
        inspector.open_tab(name)
        await until(pilot, lambda: bool(inspector.rows), name)

    return steps


def _container_tab(name: str) -> Steps:
    async def steps(pilot: Driver) -> None:
        await open_tab(pilot, name)

    return steps


async def _explorer(pilot: Driver, *keys: str) -> None:
    await pilot.press("e")
    await pilot.pause()
    explorer = pilot.app.screen
    assert isinstance(explorer, Explorer)
    await until(pilot, lambda: explorer.files.scene is not None, "the files")
    await pilot.press("j", "j", "j")  # to the layer that changed something
    await until(pilot, lambda: _shown(pilot, "config.py"), "its tree")
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    await until(pilot, lambda: bool(explorer.story.rows), "the story")


async def _compared(pilot: Driver) -> None:
    await pilot.press("space", "space", "c")
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, Compare)
    await until(pilot, lambda: screen.comparison is not None, "the comparison")


def _file(key: str, words: str) -> Steps:
    async def steps(pilot: Driver) -> None:
        await _explorer(pilot, "tab")
        explorer = pilot.app.screen
        assert isinstance(explorer, Explorer)
        while not (explorer.path or "").endswith("config.py"):
            await pilot.press("j")
        await pilot.press("enter")
        await until(pilot, lambda: _shown(pilot, "how it runs"), "the file")
        await pilot.press(key)
        await until(pilot, lambda: _shown(pilot, words), words)

    return steps


async def _terminal(pilot: Driver) -> None:
    source = app_of(pilot).bridge.source
    assert isinstance(source, StillSource)
    await pilot.press("2", "E")
    await until(pilot, lambda: bool(source.sessions), "the session")
    source.sessions[-1].say(
        b"\x1b[1;34m/srv\x1b[0m # ls\r\n\x1b[32mserver.py\x1b[0m\r\n\x1b[1;34m/srv\x1b[0m # "
    )
    await until(pilot, lambda: _shown(pilot, "server.py"), "what the program wrote")


async def _leader(pilot: Driver) -> None:
    await _terminal(pilot)
    await pilot.press("ctrl+right_square_bracket")
    await until(pilot, lambda: _shown(pilot, "leave it running"), "the keys")


async def _full_text(pilot: Driver) -> None:
    await _image_tab("History")(pilot)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, TextDialog), "the text")


async def _waste(pilot: Driver) -> None:
    await _explorer(pilot, "w")


async def _task(pilot: Driver) -> None:
    await pilot.press("t", *"2", "enter", "5", "enter")
    await until(pilot, lambda: _shown(pilot, "the same by hand"), "the action")


async def _pulling(pilot: Driver) -> None:
    app = app_of(pilot)
    await pilot.press("P", *"postgres:15.1", "enter")
    await until(pilot, lambda: app.state.plan is not None, "the plan")
    await pilot.press("enter")
    await until(pilot, lambda: _shown(pilot, " of 64 B"), "progress")


async def _grouped(pilot: Driver) -> None:
    app_of(pilot).workbench.containers.group_by("team")
    await pilot.press("2", "g", "j", "space")


async def _nothing(_: Driver) -> None:
    """The first screen."""


SCREENS: dict[str, Steps] = {
    "first": _nothing,
    "layers": _keys("3"),
    "groups": _grouped,
    "run": _keys("R", "tab", *"db", shows="--name db"),
    "remove": _keys("d", shows="Frees"),
    "several": _keys("2", "asterisk", "d", shows="5 containers?"),
    "on-marked": _keys("2", "asterisk", "b", shows="With 5 marked"),
    "group-by": _keys("2", "v", shows="by a label"),
    "tag": _keys("t", shows="Another name"),
    "plan-failed": _keys("P", *"nowhere", "enter", shows="is not in its registry"),
    "help": _keys("question_mark", shows="Help"),
    "palette": _keys("colon", shows="Go anywhere"),
    "jump": _keys("ctrl+o", shows=" a "),
    "filter": _keys("slash", *"pos"),
    "logs": _keys("2", "space", "space", "l", shows="checkpoint 39"),
    "logs-found": _keys(
        "2", "l", "minus", "Z", "z", "ctrl+f", *"t", "space", *"3", "enter", "N", shows="10 of 11"
    ),
    "networks": _keys("6", shows="pgdata"),
    "volumes": _keys("7", shows="pgdata"),
    "files": _keys("2", "F", shows="motd"),
    "explorer": _explorer,
    "waste": _waste,
    "file": _file("y", "how it runs"),
    "bytes": _file("h", "00000000"),
    "difference": _file("d", "port"),
    "compare": _compared,
    "task": _task,
    "terminal": _terminal,
    "terminal-keys": _leader,
    "full-text": _full_text,
    "run-mistaken": _keys("R", "tab", "tab", *"A", "tab", "tab", *"80:x", shows="80:x"),
    "create-network": _keys("6", "a", shows="network"),
    "nothing-passes": _keys("slash", *"zzz", shows="nothing here with"),
    **{f"image-{name.lower().replace(' ', '-')}": _image_tab(name) for name in IMAGE_TABS},
    **{f"container-{name.lower()}": _container_tab(name) for name in ("Logs", "Steps", "Files")},
}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("screen", SCREENS)
async def test_screen(request: pytest.FixtureRequest, make: Make, screen: str, theme: str) -> None:
    async with make(StillSource(), theme=theme).run_test(size=SIZES[0]) as pilot:
        await ready(pilot)
        sampled(pilot, 0, 40)
        await SCREENS[screen](pilot)
        compare(request, f"{screen}-{theme}", await pictures(pilot))


@pytest.mark.parametrize("theme", THEMES)
async def test_an_empty_store(request: pytest.FixtureRequest, make: Make, theme: str) -> None:
    async with make(StillSource(empty=True), theme=theme).run_test(size=SIZES[0]) as pilot:
        await ready(pilot)
        compare(request, f"empty-{theme}", await pictures(pilot))


@pytest.mark.parametrize("theme", THEMES)
async def test_a_pull_under_way(request: pytest.FixtureRequest, make: Make, theme: str) -> None:
    source = StillSource()
    del source.stacks["postgres:15.1"]
    source.hold_pull.clear()
    async with make(source, theme=theme).run_test(size=SIZES[0]) as pilot:
        await ready(pilot)
        sampled(pilot, 0, 40)
        await _pulling(pilot)
        compare(request, f"pull-{theme}", await pictures(pilot))


async def test_windows_too_small_and_too_narrow(request: pytest.FixtureRequest, make: Make) -> None:
    async with make(StillSource()).run_test(size=SIZES[0]) as pilot:
        await ready(pilot)
        sampled(pilot, 0, 40)
        found = {}
        for width, height in ((200, 60), (60, 80), (60, 16), (50, 10)):
            await sized(pilot, width, height)
            found[f"{width}x{height}"] = await settled(pilot)
        compare(request, "sizes", found)
