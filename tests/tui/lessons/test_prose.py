"""Prose in lines: wrapped to a width, words of the field marked once, commands set apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from engine.lessons.models import Term
from tests.tui.hostile import HOSTILE
from tui.lessons.prose import paragraphs, wrapped
from tui.text import safe, width_of

IMAGE, BASE = Term("image", "Files.", "lamina images"), Term("base layer", "Lowest.", "lamina layers IMAGE")


def text(lines: list[tuple[tuple[str, str], ...]]) -> list[str]:
    return ["".join(part for part, _ in line) for line in lines]


def marked(lines: list[tuple[tuple[str, str], ...]]) -> list[str]:
    return [part for line in lines for part, ink in line if ink == "accent bold"]


def test_lines_break_between_words_and_paragraphs_stay_apart() -> None:
    lines = paragraphs("One two\nthree four.\n\nFive.", 10)
    assert text(lines) == ["One two", "three", "four.", "", "Five."]


def test_word_is_marked_where_it_first_stands_and_never_again() -> None:
    lines = paragraphs("Images, and an image on a\nbase layer.", 60, (IMAGE, BASE))
    assert marked(lines) == ["Images", "base layer"]


def test_command_in_quotes_is_set_apart_and_its_words_are_not_marked() -> None:
    lines = paragraphs("`lamina image` lists an image.", 60, (IMAGE,))
    assert lines[0][0] == ("lamina image", "text bold")
    assert marked(lines) == ["image"]
    assert text(lines) == ["lamina image lists an image."]


def test_word_longer_than_a_line_is_broken() -> None:
    assert text(wrapped([("abcdefgh ij", "text")], 4)) == ["abcd", "efgh", "ij"]


def test_later_lines_are_indented() -> None:
    assert text(wrapped([("one two three", "text")], 8, indent=2)) == ["one two", "  three"]


@given(some.lists(some.sampled_from([text[:300] for text in HOSTILE]), max_size=4), some.integers(4, 60))
def test_no_line_is_wider_than_asked_for(words: list[str], width: int) -> None:
    lines = wrapped([(safe(word), "text") for word in words], width)
    assert all(width_of(line) <= width for line in text(lines))
