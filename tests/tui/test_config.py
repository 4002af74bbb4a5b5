"""The screen's settings: presets of keys, keys of one's own, plain drawing, read-only, what is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.conftest import Make
from tests.tui.driving import app_of, ready, screen_lines, until
from tests.tui.fake import FakeSource
from tui.actions import ACTIONS, Context, action
from tui.config import read_config
from tui.keys import LISTS, PRESETS, clashes, keymap, written
from tui.screens.confirm import Confirm
from tui.theme import shipped_directory


@pytest.mark.parametrize("preset", PRESETS)
def test_no_two_verbs_of_a_preset_want_one_key(preset: str) -> None:
    assert clashes(keymap(preset, {})) == []


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_takes_no_verbs_key_away(preset: str) -> None:
    changed = keymap(preset, {})
    assert [item.id for item in ACTIONS if item.keys and not changed.get(item.id, item.keys)] == []
    assert set(changed) <= {item.id for item in ACTIONS} | set(LISTS)


@pytest.mark.parametrize("preset", PRESETS)
def test_no_key_is_one_that_terminals_keep_or_say_as_another(preset: str) -> None:
    # ^I, ^M, ^J, ^H and ^[ arrive as Tab, Enter, Backspace and Esc; ^C and ^Z end or stop programs.
    taken = {f"ctrl+{letter}" for letter in ("i", "m", "j", "h", "left_square_bracket", "c", "z")}
    keys = {item.id: item.keys for item in ACTIONS} | dict(LISTS) | keymap(preset, {})
    assert [verb for verb, words in keys.items() if taken & set(words.split(","))] == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"thme": "x"}, "no key 'thme'"),
        ({"keys": "emacs"}, "keys must be one of"),
        ({"plain": 1}, "plain must be true or false"),
        ({"theme": 7}, "theme must be the name"),
        ({"bindings": []}, "bindings must be a table"),
        ({"bindings": {"fly": "f"}}, "no verb 'fly'"),
        ({"bindings": {"remove": "Strg+X!"}}, "the keys of remove"),
    ],
)
def test_a_fault_is_named_and_the_rest_is_taken(values: dict[str, object], said: str) -> None:
    found = read_config({"read-only": True, **values})
    assert [said in problem for problem in found.problems] == [True]
    assert found.read_only


def test_a_fault_is_named_with_its_line() -> None:
    text = '[screen]\ntheme = "paper"\nkeys = "emacs"\n'
    assert read_config({"keys": "emacs"}, text).problems[0].startswith("settings, line 3:")


@pytest.mark.parametrize(
    ("keys", "shown"), [("ctrl+d,delete", "^D"), ("slash", "/"), ("shift+tab", "Shift+Tab"), ("R", "R")]
)
def test_keys_are_written_as_people_do(keys: str, shown: str) -> None:
    assert written(keys) == shown


async def test_a_preset_changes_keys_and_what_the_footer_says(make: Make) -> None:
    async with make(screen={"keys": "k9s"}).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        await pilot.press("d")
        assert app_of(pilot).workbench.inspector.has_focus
        await pilot.press("2")
        assert "^D remove" in screen_lines(pilot)[-1]
        await pilot.press("ctrl+d")
        assert isinstance(pilot.app.screen, Confirm)


async def test_a_verb_without_a_key_can_be_given_one(make: Make) -> None:
    async with make(screen={"bindings": {"theme": "T"}}).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        before = app_of(pilot).palette.theme.name
        await pilot.press("T")
        assert app_of(pilot).palette.theme.name != before


@pytest.mark.parametrize("key", ["d", "R", "P", "L", "I", "t"])
async def test_read_only_changes_nothing(make: Make, key: str) -> None:
    source = FakeSource()
    async with make(source, screen={"read-only": True}).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        await pilot.press(key)
        await pilot.pause()
        assert app_of(pilot).workbench.is_current
        assert source.asked == []


async def test_a_fault_in_the_settings_is_shown_and_the_screen_works(make: Make) -> None:
    async with make(screen={"keys": "emacs", "theme": "nowhere"}).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        notes = [task.note for task in app_of(pilot).state.tasks.values()]
        assert any("keys must be one of" in note for note in notes)
        assert any("no theme 'nowhere'" in note for note in notes)


async def test_order_tab_and_theme_are_remembered(make: Make) -> None:
    async with make(theme="").run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        app_of(pilot).use_theme("paper")
        await pilot.press("o", "4", "right_square_bracket")
    async with make(theme="").run_test(size=(160, 45)) as pilot:
        app = app_of(pilot)
        await until(pilot, lambda: app.state.images is not None, "the lists")
        assert (app.palette.theme.name, app.workbench.images.order) == ("paper", "name")
        assert app.workbench.inspector.tab == "Config"


async def test_no_color_begins_without_colours(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert make(theme="").palette.theme.name == "monochrome"


async def test_a_theme_of_ones_own_is_drawn_as_soon_as_it_is_written(make: Make, tmp_path: Path) -> None:
    directory = tmp_path / "config" / "lamina" / "themes"
    directory.mkdir(parents=True)
    text = (shipped_directory() / "paper.toml").read_text("utf-8").replace('"paper"', '"mine"')
    (directory / "mine.toml").write_text(text, "utf-8")
    async with make(theme="mine").run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        app = app_of(pilot)
        (directory / "mine.toml").write_text(text.replace("#7a4a00", "#005f5f"), "utf-8")
        await until(pilot, lambda: app.palette.theme.roles["accent"] == "#005f5f", "the colour")
        (directory / "mine.toml").write_text("name = 7", "utf-8")
        await until(pilot, lambda: app.palette.theme.name == "lamina-dark", "the theme that is left")
        assert any("mine.toml" in task.note for task in app.state.tasks.values())


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_loses_no_verb(preset: str) -> None:
    changed = keymap(preset, {})
    assert [item.id for item in ACTIONS if item.keys and not changed.get(item.id, item.keys)] == []
    assert set(changed) <= {item.id for item in ACTIONS} | set(LISTS)


_CHANGING = (
    "create", "run", "start", "stop", "restart", "kill", "pause", "unpause", "rename", "rm", "rmi", "prune",
    "tag", "push", "save", "load", "pull", "commit", "cp", "connect", "disconnect", "update", "exec",
    "attach", "extract", "up", "down", "import", "export",
)  # fmt: skip


@pytest.mark.parametrize("size", [(160, 45)])
async def test_read_only_takes_away_every_verb_whose_command_changes_something(
    make: Make, size: tuple[int, int]
) -> None:
    async with make().run_test(size=size) as pilot:
        await ready(pilot)
        state = app_of(pilot).state
        assert state.images
        assert state.containers
        ctx = Context(
            "containers", state, state.images[0], state.containers[0], path="a", inside=("x",),
            marked=tuple(item.id for item in state.containers),
        )  # fmt: skip
        told = {item.id: item.command(ctx).split(" ") for item in ACTIONS}
        changing = {verb for verb, words in told.items() if set(words[1:3]) & set(_CHANGING)}
        assert [verb for verb in changing if not action(verb).changes] == []


@pytest.mark.parametrize("place", ["1", "2"])
async def test_read_only_does_no_verb_that_changes_something(make: Make, place: str) -> None:
    source = FakeSource()
    async with make(source, screen={"read-only": True}).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        app = app_of(pilot)
        await pilot.press(place, "asterisk")
        for item in ACTIONS:
            if item.changes and "workbench" in item.screens:
                app.commands.do(item.id)
        await pilot.pause()
        assert app.workbench.is_current
        assert [asked for asked in source.asked if asked[0] != "plan"] == []
