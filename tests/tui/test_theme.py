"""Themes: which are taken, which are named and skipped, and whether their colours can be told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.colours import EYES, contrast, difference
from tui.theme import BadTheme, Theme, load_theme, load_themes, shipped_directory

_SHIPPED = [load_theme(path) for path in sorted(shipped_directory().glob("*.toml"))]
_APART = 20.0  # CIE 1976; neighbours in a bar touch, so they need much more than the 2 that is just seen


def test_themes_for_many_eyes_and_terminals_are_shipped() -> None:
    kinds = {theme.name: theme.kind for theme in _SHIPPED}
    assert (kinds["lamina-dark"], kinds["lamina-light"]) == ("dark", "light")
    wanted = {"contrast-dark", "contrast-light", "colour-blind", "ansi-16", "monochrome"}
    assert wanted <= kinds.keys()
    assert len(kinds) >= 8


@pytest.mark.parametrize("theme", _SHIPPED, ids=lambda theme: theme.name)
@pytest.mark.parametrize("surface", ["background", "panel", "cursor"])
def test_text_can_be_read_on_every_surface(theme: Theme, surface: str) -> None:
    ground = theme.surfaces[surface]
    for role in ("text", "accent", "good", "warn", "bad"):
        assert contrast(theme.roles[role], ground) >= 4.5, role
    assert contrast(theme.roles["muted"], ground) >= 3.0


@pytest.mark.parametrize("theme", _SHIPPED, ids=lambda theme: theme.name)
def test_every_layer_slot_stands_out_from_the_panel(theme: Theme) -> None:
    assert [slot for slot in theme.slots if contrast(slot, theme.surfaces["panel"]) < 3.0] == []


@pytest.mark.parametrize("theme", _SHIPPED, ids=lambda theme: theme.name)
@pytest.mark.parametrize("eyes", EYES)
def test_neighbouring_slots_are_told_apart(theme: Theme, eyes: str) -> None:
    slots = theme.slots
    near = [i for i in range(16) if difference(slots[i], slots[(i + 1) % 16], eyes) < _APART]
    assert near == []


@pytest.mark.parametrize("theme", _SHIPPED, ids=lambda theme: theme.name)
def test_no_two_slots_look_the_same(theme: Theme) -> None:
    if theme.few_colours:
        pytest.skip("there are not sixteen colours; neighbours differ, and marks and words tell layers apart")
    pairs = [(i, j) for i in range(16) for j in range(i)]
    assert [p for p in pairs if difference(theme.slots[p[0]], theme.slots[p[1]], "all cones") < 15] == []


def _written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    return path


_GOOD = (shipped_directory() / "lamina-dark.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "not valid TOML"),
        (_GOOD.replace('"lamina-dark"', '"Über"'), "name must be"),
        (_GOOD.replace('kind = "dark"', 'kind = "dim"'), "kind must be"),
        (_GOOD.replace('"#3a85c7", ', ""), "16 colours"),
        (_GOOD.replace("#3a85c7", "blue"), "slots[0] must be a colour"),
        (_GOOD.replace("[roles]", "[rolls]"), "[roles] is missing"),
        (_GOOD.replace("accent =", "akzent ="), "has no key 'akzent'"),
        (_GOOD.replace('good = "#7bcf8a"', ""), "roles.good must be a colour"),
        ("#" * 70_000, "larger than"),
        ("x = " + "[" * 5000, "not valid TOML"),
    ],
)
def test_a_broken_theme_is_refused_with_its_reason(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadTheme, match=r"mine\.toml") as caught:
        load_theme(_written(tmp_path, text))
    assert said in str(caught.value)


def test_a_broken_user_theme_is_named_and_the_others_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    themes = tmp_path / "lamina" / "themes"
    themes.mkdir(parents=True)
    (themes / "broken.toml").write_text("name = 7", "utf-8")
    (themes / "own.toml").write_text(_GOOD.replace("lamina-dark", "own"), "utf-8")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    found = load_themes()
    assert {"own", "lamina-dark", "lamina-light"} <= set(found.found)
    assert len(found.skipped) == 1
    assert "broken.toml" in found.skipped[0]
