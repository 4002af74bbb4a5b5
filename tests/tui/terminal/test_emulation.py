"""What a program writes becomes cells, whatever it writes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.hostile import HOSTILE
from tui.terminal.emulation import APPLICATION_CURSOR, BRACKETED_PASTE, SCROLLBACK, Emulation


def written(*pieces: bytes, columns: int = 20, lines: int = 4) -> Emulation:
    cells = Emulation(columns, lines)
    for piece in pieces:
        cells.feed(piece)
    return cells


def text(cells: Emulation) -> str:
    return cells.text(0, cells.lines - 1).rstrip("\n")


def test_text_colours_and_the_cursor_are_kept() -> None:
    cells = written(b"ab \x1b[1;31mred\x1b[0m\r\n\x1b[3;5Hx")
    assert text(cells) == "ab red\n\n    x"
    assert (cells.buffer[0][3].fg, cells.buffer[0][3].bold) == ("red", True)
    assert (cells.cursor.y, cells.cursor.x) == (2, 5)


def test_long_lines_go_on_in_the_next() -> None:
    assert text(written(b"x" * 25)) == "x" * 20 + "\n" + "x" * 5
    assert text(written(b"\x1b[?7l" + b"a" * 25 + b"z")) == "a" * 19 + "z"


def test_what_scrolls_away_can_be_looked_at_and_is_bounded() -> None:
    cells = written(b"".join(b"%d\r\n" % number for number in range(SCROLLBACK + 100)))
    assert len(cells.scrollback) == SCROLLBACK
    assert cells.text(-1, -1) == str(SCROLLBACK + 96)
    assert cells.gone == SCROLLBACK + 97


def test_a_full_screen_program_leaves_the_screen_as_it_was() -> None:
    cells = written(b"before", b"\x1b[?1049h\x1b[2J\x1b[Hfull" + b"\r\n" * 9)
    assert cells.on_second_screen
    assert len(cells.scrollback) == 0
    cells.feed(b"\x1b[?1049l after")
    assert text(cells) == "before after"


def test_scrolling_within_margins_moves_those_lines_alone() -> None:
    cells = written(b"a\r\nb\r\nc\r\nd", b"\x1b[2;3r\x1b[S")
    assert text(cells) == "a\nc\n\nd"
    cells.feed(b"\x1b[T")
    assert text(cells) == "a\n\nc\nd"


def test_modes_that_change_what_keys_send_are_known() -> None:
    cells = written(b"\x1b[?1h\x1b[?2004h\x1b[?1000;1006h")
    assert {APPLICATION_CURSOR, BRACKETED_PASTE} <= cells.mode
    assert cells.wants_mouse
    assert not written(b"\x1b[?1000h").wants_mouse


def test_a_program_may_ask_where_its_cursor_is_but_not_without_end() -> None:
    assert bytes(written(b"\x1b[2;3H\x1b[6n").answers) == b"\x1b[2;3R"
    assert len(written(b"\x1b[6n" * 10_000).answers) < 2000


@pytest.mark.parametrize(
    "sequence",
    [
        b"\x1b]0;title\x07", b"\x1b]52;c;aGk=\x1b\\", b"\x1bPq#0~~\x1b\\", b"\x1b_kitty\x1b\\",
        b"\x1b^pm\x1b\\", b"\x1bXsos\x1b\\", b"\x1b[>4;2m", b"\x1b[=1c", b"\x1b[5 q", b"\x1b[?3h",
        b"\x1b[8;90;90t", b"\x1b[38:2::1:2:3m", b"\x1b*B", b"\x1b#8", b"\x1bl", b"\xc2\x9b",
        "\u202e\u200b\ufeff".encode(), b"\0\x01\x7f",
    ],
)  # fmt: skip
def test_what_is_not_for_cells_leaves_no_trace(sequence: bytes) -> None:
    for cut in range(len(sequence) + 1):
        cells = written(b"a", sequence[:cut], sequence[cut:], b"z")
        assert text(cells) == "az"
        assert (cells.columns, cells.lines) == (20, 4)


def test_a_text_sequence_without_end_keeps_nothing() -> None:
    cells = written(b"a\x1b]0;" + b"x" * 1_000_000, b"y" * 1_000_000)
    assert text(cells) == "a"
    cells.feed(b"\x07z")
    assert text(cells) == "az"


def test_wide_letters_and_marks_keep_their_cells() -> None:
    cells = written("漢字e\u0301".encode() + "\u0301".encode() * 50)
    assert [cells.buffer[0][x].data for x in range(4)] == ["漢", "", "字", ""]
    assert len(cells.buffer[0][4].data) <= 3


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_nothing_foreign_stands_in_a_cell(number: int) -> None:
    cells = written(HOSTILE[number].encode("utf-8", "surrogatepass"))
    seen = "".join(cell.data for y in range(cells.lines) for cell in cells.buffer[y].values())
    assert not {unicodedata.category(one) for one in seen} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(st.lists(st.binary(max_size=60), max_size=8), st.integers(1, 30), st.integers(1, 12))
def test_no_bytes_and_no_size_are_too_much(pieces: list[bytes], columns: int, lines: int) -> None:
    cells = Emulation(columns, lines)
    for piece in pieces:
        cells.feed(piece)
        cells.resize(lines + len(piece) % 5, columns + len(piece) % 7)
    assert all(0 <= cell.y < cells.lines for cell in (cells.cursor,))
    cells.text(-len(cells.scrollback), cells.lines - 1)


_BITS = st.sampled_from(
    [b"\x1b[", b"\x1b]", b"\x1b", b"?", b";", b"1049", b"9999", b"38;2;9999;1;1m", b"\r\n", b"\t", b"\x07",
     b"\x0e", "漢".encode(), b"text", *(bytes([one]) for one in b"hlmrSTLMPX@HJK87")]
)  # fmt: skip


@given(st.lists(_BITS, max_size=60))
def test_no_sequence_of_sequences_is_too_much(bits: list[bytes]) -> None:
    cells = written(b"".join(bits), columns=9, lines=3)
    assert len(cells.text(0, 2).split("\n")) == 3


@pytest.mark.parametrize("final", "@ABCDEFGHJKLMPSTXadefghlmnrsu`'c")
def test_more_numbers_than_a_sequence_has_are_no_harm(final: str) -> None:
    for numbers in ("", "0", "8", "9999", "1;2", "1;2;3;4;5;6", ";;", "?1;2"):
        cells = written(f"\x1b[{numbers}{final}".encode())
        assert (cells.columns, cells.lines) == (20, 4)
