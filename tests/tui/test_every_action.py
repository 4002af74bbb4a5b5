"""Every verb of the registry, done by its key where it has one, does what it says; none is left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.containers.models import Status
from engine.lab.models import LabStatus
from tests.tui.conftest import Make
from tests.tui.driving import Driver, app_of, ready, screen_lines, until
from tests.tui.fake_still import StillSource
from tests.tui.test_lessons import VERBS as VERBS_OF_LESSONS
from tests.tui.test_snapshots import SCREENS
from tui import actions
from tui.actions.tabs import TAB_OF
from tui.logs.view import LogView
from tui.screens.explorer import Explorer
from tui.screens.file import FileView

Effect = Callable[[Driver, StillSource], bool]


@dataclass(frozen=True, slots=True)
class Way:
    """How a verb is met.

    :param effect: what holds when it was done. :param before: keys that lead to where it can be done.
    :param after: keys that answer what it asks. :param start: the picture to begin with.
    """

    effect: Effect
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    start: str = "first"


def _shows(words: str) -> Effect:
    return lambda pilot, _: words in "\n".join(screen_lines(pilot))


def _hides(words: str) -> Effect:
    return lambda pilot, _: words not in "\n".join(screen_lines(pilot))


def _screen(name: str) -> Effect:
    return lambda pilot, _: type(pilot.app.screen).__name__ == name


def _asked(*words: str) -> Effect:
    """The engine was asked for these verbs, in this order."""
    return lambda _, source: [str(each[0]) for each in source.asked if each[0] in words] == list(words)


def _focus(place: str) -> Effect:
    return lambda pilot, _: getattr(pilot.app.focused, "id", "") == place


def _tab(name: str) -> Effect:
    return lambda pilot, _: app_of(pilot).workbench.inspector.tab == name


def _copied(text: str) -> Effect:
    return lambda pilot, _: text in pilot.app.clipboard


def _theme(pilot: Driver, _: StillSource) -> bool:
    return app_of(pilot).palette.theme.name != "lamina-dark"


def _explorer(pilot: Driver) -> Explorer:
    assert isinstance(pilot.app.screen, Explorer)
    return pilot.app.screen


def _kinds(pilot: Driver, _: StillSource) -> bool:
    explorer = pilot.app.screen
    return (
        isinstance(explorer, Explorer) and explorer.files.scene is not None and len(explorer.wish.kinds) == 3
    )


def _hexed(pilot: Driver, _: StillSource) -> bool:
    return isinstance(pilot.app.screen, FileView) and "00000000" in "\n".join(screen_lines(pilot))


def _line(number: int) -> Effect:
    return lambda pilot, _: (
        isinstance(pilot.app.screen, FileView) and pilot.app.screen.content.cursor == number
    )


def _log(holds: Callable[[LogView], bool]) -> Effect:
    return lambda pilot, _: holds(app_of(pilot).state.logs)


_ENDED = ("2", "G", "k")  # a container that has ended
_WAYS: dict[str, Way] = {
    "open": Way(_focus("layers")),
    "back": Way(_focus("images"), ("3",)),
    **{
        f"panel({number})": Way(_focus(place), ("tab",) if number == 1 else ())
        for number, place in enumerate(("images", "containers", "layers", "inspector", "activity"), 1)
    },
    "next": Way(_focus("containers")),
    "previous": Way(_focus("activity")),
    "jump": Way(_screen("Jump")),
    "trail(-1)": Way(_focus("images"), ("3",)),
    "trail(1)": Way(_focus("layers"), ("3", "alt+left")),
    "tab(1)": Way(_tab("Config"), ("4",)),
    "tab(-1)": Way(_tab("Used by"), ("4",)),
    "filter": Way(lambda pilot, _: len(app_of(pilot).workbench.images.rows) == 1, after=(*"red", "enter")),
    "pull": Way(_screen("PullDialog")),
    "run": Way(_asked("create", "start"), after=("enter",)),
    "explore": Way(_screen("Explorer")),
    "mark": Way(_shows("1 marked")),
    "mark_all": Way(_shows("5 marked")),
    "bulk": Way(_screen("Pick"), ("space",)),
    "compare": Way(_screen("Compare"), ("space", "space")),
    "tag": Way(_asked("tag_image"), after=("2", "enter")),
    "push": Way(_asked("push"), after=("y",)),
    "save": Way(_asked("save"), after=("enter",)),
    "load": Way(_asked("load"), after=(*"/etc/hosts", "enter")),
    "outdated": Way(_shows("update")),
    "prune": Way(_asked("prune"), after=("y",)),
    "remove": Way(_asked("remove_image"), after=("y",)),
    "sort": Way(lambda pilot, _: app_of(pilot).workbench.images.order != "newest"),
    "copy": Way(_copied("postgres:15.1")),
    "open_task": Way(_screen("TaskDialog"), ("t", "2", "enter", "5")),
    "cancel": Way(_shows("cancelled"), start="pull-held"),
    "lab_up": Way(_asked("lab_up")),
    "lab_down": Way(lambda _, source: not source.lab.running, start="lab"),
    "help": Way(_screen("Help")),
    "palette": Way(_screen("Palette")),
    "mouse": Way(lambda pilot, _: not app_of(pilot).has_mouse),
    "redraw": Way(_shows("Images")),
    "theme": Way(_theme),
    "quit": Way(lambda pilot, _: not pilot.app.is_running),
    "logs": Way(_tab("Logs"), ("2",)),
    "shell": Way(_screen("TerminalScreen"), ("2",)),
    "attach": Way(_screen("TerminalScreen"), ("2",)),
    "terminals": Way(_screen("TerminalScreen"), ("ctrl+right_square_bracket", "d"), start="terminal"),
    "stop": Way(_asked("stop"), ("2",)),
    "start": Way(_asked("start"), _ENDED),
    "restart": Way(_asked("restart"), ("2",)),
    "pause": Way(_asked("pause"), ("2",)),
    "unpause": Way(_asked("pause", "unpause"), ("2", "p")),
    "kill": Way(_asked("kill"), ("2",), ("y",)),
    "rename": Way(_asked("rename"), ("2",), ("2", "enter")),
    "group": Way(_screen("Pick"), ("2",)),
    "prune_containers": Way(_asked("remove", "remove", "remove"), ("2",), ("y",)),
    **{verb: Way(_tab(tab), ("2",)) for verb, tab in TAB_OF.items()},
    "extent": Way(lambda pilot, _: not _explorer(pilot).wish.whole, start="explorer"),
    "waste": Way(_focus("waste"), start="explorer"),
    "difference": Way(_shows("-port"), start="file"),
    "extract": Way(_screen("LineDialog"), start="file"),
    "unfold_all": Way(_shows("README"), start="explorer"),
    "fold_all": Way(_hides("config.py "), start="explorer"),
    **{
        f"kind({kind})": Way(_kinds, start="explorer")
        for kind in ("added", "changed", "removed", "unchanged")
    },
    "hex": Way(_hexed, start="file"),
    "again(1)": Way(_line(2), ("slash", "a", "enter", "g"), start="file"),
    "again(-1)": Way(_line(2), ("slash", "a", "enter", "g"), start="file"),
    "log_follow": Way(_shows("paused"), ("4",), start="container-logs"),
    "log_find": Way(_shows("39” 2 of 2"), ("4",), (*"39", "enter"), start="container-logs"),
    "log_since": Way(_screen("Pick"), ("4",), start="container-logs"),
    "log_zoom": Way(_screen("LogScreen"), ("4",), start="container-logs"),
    "log_wrap": Way(_log(lambda view: view.wrap), ("4",), start="container-logs"),
    "log_times": Way(_log(lambda view: view.times == "date"), ("4",), start="container-logs"),
    "log_mark": Way(_shows("── 13:00:00 ──"), ("4",), start="container-logs"),
    "log_to_mark": Way(_log(lambda view: not view.follows), ("4", "minus"), start="container-logs"),
    "log_lines": Way(_copied("checkpoint 39"), ("4",), start="container-logs"),
    "log_save": Way(_shows("40 lines, "), ("4",), ("enter",), start="container-logs"),
    "stores(networks)": Way(_focus("networks")),
    "stores(volumes)": Way(_focus("volumes")),
    "files": Way(_screen("Browse"), ("2",)),
    "create": Way(_asked("create_network"), after=(*"front", "enter"), start="networks"),
    "connect": Way(_asked("connect"), after=("enter",), start="networks"),
    "disconnect": Way(_asked("disconnect"), after=("enter",), start="networks"),
    "browse": Way(_screen("Browse"), start="volumes"),
    "delete": Way(_asked("remove_network"), ("j",), ("y",), start="networks"),
    "prune_unused": Way(_asked("prune_networks"), after=("y",), start="networks"),
    "copy_out": Way(_asked("copy_out"), after=("enter",), start="files"),
    "copy_in": Way(_asked("copy_in"), after=(*"/etc/hosts", "enter"), start="files"),
}


@pytest.mark.parametrize("verb", _WAYS)
async def test_the_verb_does_what_it_says(
    make: Make, verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    way, source = _WAYS[verb], StillSource()
    monkeypatch.chdir(tmp_path)
    if way.start == "lab":
        source.lab = LabStatus(True, True, "127.0.0.1:5001", 7, ())
    if way.start == "pull-held":
        del source.stacks["postgres:15.1"]
        source.hold_pull.clear()
    async with make(source).run_test(size=(160, 45), notifications=True) as pilot:
        await ready(pilot)
        await SCREENS.get(way.start, SCREENS["first"])(pilot)
        if way.start == "pull-held":
            await pilot.press("P", *"postgres:15.1", "enter")
            await until(pilot, lambda: app_of(pilot).state.plan is not None, "the plan")
            await pilot.press("enter", "escape", "5")
        for key in way.before:
            await pilot.press(key)
            await pilot.pause()
        if way.start != "pull-held":
            await until(pilot, lambda: not app_of(pilot).state.running_tasks, "the end of what was begun")
        item = actions.action(verb)
        app = app_of(pilot)
        await until(pilot, lambda: item.available(app.commands.board.context), "where it can be done")
        if item.keys:
            await pilot.press(item.keys.split(",")[0])
        else:
            app.commands.do(verb)
        asks = pilot.app.screen
        if way.after and item.danger:
            await until(pilot, lambda: pilot.app.screen is not asks or len(pilot.app.screen_stack) > 1, "it")
        for key in way.after:
            await pilot.press(key)
        await until(pilot, lambda: way.effect(pilot, source), verb)


def test_every_verb_has_its_line() -> None:
    assert {item.id for item in actions.ACTIONS} - set(_WAYS) - VERBS_OF_LESSONS == set()


async def test_a_verb_that_cannot_be_done_says_so(make: Make) -> None:
    source = StillSource()
    source.made = [item._replace(status=Status.EXITED, pid=0) for item in source.made]
    async with make(source).run_test(size=(120, 30), notifications=True) as pilot:
        await ready(pilot)
        await pilot.press("2", "s")
        await until(pilot, lambda: "stop does nothing here" in "\n".join(screen_lines(pilot)), "the word")
        assert not _asked("stop")(pilot, source)
