"""Columns: what falls away when it gets narrow, and that rows keep their width."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.text import width_of
from tui.widgets.columns import Column, cell, fit, lay_out

_COLUMNS = (
    Column(1),
    Column(10, most=30, grow=2),
    Column(8, drop=2),
    Column(6, right=True, drop=1),
)


@given(st.integers(1, 200))
def test_a_row_never_outgrows_its_width(width: int) -> None:
    widths = fit(_COLUMNS, width)
    spans = lay_out(_COLUMNS, widths, [cell("x" * 50) for _ in _COLUMNS])
    assert sum(width_of(text) for text, _ in spans) <= max(width, 3 + 1)


def test_columns_fall_away_by_priority_and_the_name_stays() -> None:
    assert [bool(w) for w in fit(_COLUMNS, 60)] == [True, True, True, True]
    assert [bool(w) for w in fit(_COLUMNS, 25)] == [True, True, False, True]
    assert [bool(w) for w in fit(_COLUMNS, 14)] == [True, True, False, False]


def test_a_growing_column_stops_at_its_most() -> None:
    assert fit(_COLUMNS, 200)[1] == 30


def test_numbers_stand_at_the_right() -> None:
    columns = (Column(8, right=True),)
    assert "".join(text for text, _ in lay_out(columns, (8,), [cell("12 MB")])) == "   12 MB"
