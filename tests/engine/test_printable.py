"""Outside text is safe to print, whatever it is."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from engine.printable import cells, printable


@given(st.text(alphabet=st.characters()))
def test_no_control_format_surrogate_or_separator_character_is_left(text: str) -> None:
    left = {unicodedata.category(char) for char in printable(text)}
    assert not left & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_letters_of_all_scripts_stay() -> None:
    assert printable("Größe 層 שלום é") == "Größe 層 שלום é"


def test_text_that_turns_the_direction_is_neutralised() -> None:
    assert printable("a\u202eb\u2066c") == "a�b�c"


def test_wide_characters_take_two_cells_and_marks_none() -> None:
    assert [cells("ab"), cells("層"), cells("e\u0301")] == [2, 2, 1]
