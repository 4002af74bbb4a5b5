"""A log line as spans: which sequences are heeded, and that none reaches the terminal."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.hostile import HOSTILE
from tui.logs.styles import folded, marked, styled
from tui.text import log_text, width_of

_FOREIGN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def _text(spans: list[tuple[str, str]]) -> str:
    return "".join(text for text, _ in spans)


@pytest.mark.parametrize(
    ("raw", "spans"),
    [
        ("plain", [("plain", "text")]),
        ("\x1b[31mred\x1b[0m and not", [("red", "bad"), (" and not", "text")]),
        ("\x1b[1;32mok\x1b[m", [("ok", "good bold")]),
        ("\x1b[7mturned\x1b[27m back", [("turned", "text reverse"), (" back", "text")]),
        ("\x1b[2mfaint\x1b[22m", [("faint", "muted")]),
        ("\x1b[38;5;196mred\x1b[39m", [("red", "bad")]),
        ("\x1b[38;2;10;200;30mgreen", [("green", "good")]),
        ("\x1b[48;5;31mground\x1b[93myellow", [("ground", "text"), ("yellow", "warn")]),
        ("\x1b[8mhidden", [("hidden", "text")]),
        ("\x1b[>4;2mprivate", [("private", "text")]),
        ("\x1b]0;title\x07\x1b[2Jword", [("word", "text")]),
        ("\x1b[31m10%\r\x1b[32m20%\r", [("20%", "good")]),
        ("", [("", "text")]),
    ],
)
def test_colours_are_inks_of_the_theme_and_the_rest_is_dropped(
    raw: str, spans: list[tuple[str, str]]
) -> None:
    assert styled(raw) == spans


@pytest.mark.parametrize("raw", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_lines_have_no_foreign_character(raw: str) -> None:
    text = _text(styled(raw))
    assert {unicodedata.category(letter) for letter in text} & set(_FOREIGN) == set()
    # Compared beforehand, as nobody wants to read a million characters of a failure.
    same = text.rstrip("…") == log_text(raw).rstrip("…")
    assert same


@given(st.text(alphabet=st.sampled_from("\x1b[]0123;:mKab\r\x07 é中"), max_size=60))
def test_whatever_is_written_nothing_foreign_is_drawn(raw: str) -> None:
    assert not any(unicodedata.category(letter) in _FOREIGN for letter in _text(styled(raw)))


@given(st.text(alphabet="ab中 ", max_size=50), st.integers(2, 20))
def test_folded_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = folded([(text[:9], "text"), (text[9:], "bad")], width)
    assert all(sum(width_of(part) for part, _ in line) <= width for line in lines)
    assert "".join(map(_text, lines)) == text


def test_matches_are_marked_across_colours() -> None:
    spans = marked([("an er", "text"), ("ror here", "bad")], re.compile("error"))
    assert spans == [("an ", "text"), ("er", "accent reverse"), ("ror", "accent reverse"), (" here", "bad")]
