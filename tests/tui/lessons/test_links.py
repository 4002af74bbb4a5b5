"""What the glossary says of where a word is seen leads somewhere."""

from __future__ import annotations

import pytest

from engine.lessons.glossary import glossary
from tui.actions import ACTIONS
from tui.lessons.links import Way, ways
from tui.panels.container_tabs import CONTAINER_TABS
from tui.panels.inspector import IMAGE_TABS


def test_screens_come_before_commands() -> None:
    assert ways("lamina images; panel 1 of the workstation") == (
        Way("panel", "1"),
        Way("command", "lamina images"),
    )


def test_tab_of_a_container_is_told_from_that_of_an_image() -> None:
    assert ways("lamina overlay CONTAINER; tab Overlay")[0] == Way("tab", "Overlay", of_container=True)
    assert ways("lamina inspect IMAGE; tab Config")[0] == Way("tab", "Config")


def test_key_and_lesson_are_ways_too() -> None:
    assert ways("lamina plan IMAGE; key P shows it first")[0] == Way("key", "P")
    assert ways("lamina lab start image") == (Way("lesson", "image"),)


@pytest.mark.parametrize("word", glossary())
def test_every_word_leads_to_something_that_there_is(word: str) -> None:
    found = ways(glossary()[word].see)
    assert found
    for way in found:
        match way.kind:
            case "tab":
                assert way.what in (CONTAINER_TABS if way.of_container else IMAGE_TABS)
            case "key":
                assert any(item.shown == way.what for item in ACTIONS if "workbench" in item.screens)
            case _:
                pass
