"""Commands of one's own: filled in as whole words, never read by a shell, offered by the palette."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InvalidArgument, Unavailable
from tests.tui.conftest import Make
from tests.tui.driving import app_of, ready, until
from tests.tui.hostile import HOSTILE
from tui.config import read_config
from tui.own import carry_out, fill, parse


@pytest.mark.parametrize("name", [text[:100] for text in HOSTILE])
def test_whatever_a_name_holds_it_stays_one_word(name: str) -> None:
    assert fill("echo 'of {name}' {id}", {"name": name, "id": "{name}"}) == ["echo", f"of {name}", "{name}"]


def test_a_command_whose_field_is_not_known_is_not_offered() -> None:
    assert fill("echo {name}", {}) is None


@pytest.mark.parametrize("template", ["", "'", "echo {secret}"])
def test_a_template_that_cannot_be_used_is_refused(template: str) -> None:
    with pytest.raises(InvalidArgument):
        parse(template)


def test_a_fault_in_the_settings_is_named_with_its_line() -> None:
    text = '[screen.commands]\nbad = "echo {secret}"\n'
    config = read_config({"commands": {"bad": "echo {secret}"}}, text)
    assert config.commands == {}
    assert "line 2" in config.problems[0]


async def test_what_a_command_says_is_told_and_its_failure_too() -> None:
    assert await carry_out(["echo", "hello"]) == "hello"
    with pytest.raises(Unavailable, match="ended with 1"):
        await carry_out(["false"])
    with pytest.raises(Unavailable, match="cannot be started"):
        await carry_out(["/no/such/program"])


async def test_the_palette_carries_it_out(make: Make, tmp_path: Path) -> None:
    out = tmp_path / "out"
    async with make(screen={"commands": {"leave a mark": f"touch {out}"}}).run_test() as pilot:
        await ready(pilot)
        await pilot.press("colon", *"leave", "space", *"a mark", "enter")
        await until(pilot, out.exists, "the mark")


async def test_who_only_looks_is_offered_none(make: Make) -> None:
    screen = {"commands": {"leave a mark": "touch x"}, "read-only": True}
    async with make(screen=screen).run_test() as pilot:
        await ready(pilot)
        assert app_of(pilot).commands._own() == {}
