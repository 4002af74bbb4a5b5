"""Outside text: nothing that moves, hides or reorders survives, and widths are kept."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.tui.hostile import HOSTILE
from tui.text import (
    age,
    age_changes_in,
    clip,
    clip_middle,
    instruction,
    log_text,
    pad,
    safe,
    size,
)

_ANY = st.text(st.characters()) | st.sampled_from([text[:5000] for text in HOSTILE])


def _forbidden(text: str) -> list[str]:
    return [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


@given(_ANY)
def test_no_control_or_format_character_survives(text: str) -> None:
    assert _forbidden(safe(text)) == []
    assert _forbidden(log_text(text)) == []
    assert _forbidden(instruction(text)) == []


@given(_ANY)
def test_safe_text_stays_as_it_is_when_made_safe_again(text: str) -> None:
    assert safe(safe(text)) == safe(text)


@given(_ANY, st.integers(0, 60))
def test_a_clipped_text_never_takes_more_cells(text: str, width: int) -> None:
    assert cell_len(clip(safe(text), width)) <= width
    assert cell_len(clip_middle(safe(text), width)) <= width


@given(_ANY, st.integers(0, 60), st.booleans())
def test_a_padded_text_takes_exactly_its_cells(text: str, width: int, right: bool) -> None:
    assert cell_len(pad(safe(text), width, right)) == width


@given(st.text(st.characters(), min_size=30))
def test_no_more_is_looked_at_than_the_limit(text: str) -> None:
    assert len(safe(text, limit=20)) <= 20 * 4 + 1


def test_ordinary_text_is_left_alone() -> None:
    assert safe("postgres:15.1 — größer, 漢字") == "postgres:15.1 — größer, 漢字"


def test_control_characters_are_seen_as_what_they_are() -> None:
    assert safe("a\nb\x1bc\x7f") == "a␊b␛c␡"


def test_marks_cannot_be_piled_up() -> None:
    assert len(safe("e" + "\u0301" * 500)) == 3


@pytest.mark.parametrize(
    ("reference", "width", "shown"),
    [
        ("127.0.0.1:5000/library/postgres:15.1", 24, "127.0.0.1:5…ostgres:15.1"),
        ("redis:7", 10, "redis:7"),
        ("registry.example.org/team/app@sha256:0123456789abcdef", 20, "registry.e…89abcdef"),
    ],
)
def test_a_reference_is_cut_in_the_middle(reference: str, width: int, shown: str) -> None:
    assert clip_middle(reference, width).endswith(shown[-6:])
    assert cell_len(clip_middle(reference, width)) <= width


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("127.0.0.1:5000/postgres:15.1", 15, "…/postgres:15.1"),
        ("127.0.0.1:5000/postgres:15.1", 19, "127.…/postgres:15.1"),
        ("/var/cache/apt/pkgcache.bin", 16, "…/pkgcache.bin"),
    ],
)
def test_the_last_name_stays_whole_where_there_is_room(text: str, width: int, shown: str) -> None:
    assert clip_middle(text, width) == shown


def test_the_tag_stays_when_it_is_longer_than_half() -> None:
    assert clip_middle("example.org/app:2026-03-01-nightly", 26).endswith(":2026-03-01-nightly")


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (1, "1 B"), (189, "189 B"), (1234, "1.2 kB"), (718_000_000, "718 MB"), (4096, "4.1 kB")],
)
def test_sizes_are_short(count: int, words: str) -> None:
    assert size(count) == words


@given(st.integers(0, 10**17))
def test_a_size_takes_at_most_seven_cells(count: int) -> None:
    assert len(size(count)) <= 7


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "now"), (59, "now"), (180, "3m"), (7200, "2h"), (5 * 86400, "5d"), (9e7, "2y")],
)
def test_ages_are_short(seconds: float, words: str) -> None:
    assert age(seconds) == words


@given(st.floats(0, 1e6))
def test_an_age_says_the_same_until_it_is_said_to_change(seconds: float) -> None:
    wait = age_changes_in(seconds)
    assert wait > 0
    assert age(seconds + wait * 0.99) == age(seconds)
    assert age(seconds + wait + 0.01) != age(seconds)


def test_an_instruction_is_shown_as_it_was_written() -> None:
    assert instruction("/bin/sh -c echo \x1b[31m") == "RUN echo ␛[31m"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31merror\x1b[0m here", "error here"),
        ("\x1b]0;title\x07text", "text"),
        (" 10%\r 50%\r100%\r", "100%"),
        ("a\tb", "a    b"),
    ],
)
def test_a_log_line_is_shown_without_its_escape_sequences(raw: str, shown: str) -> None:
    assert log_text(raw) == shown
