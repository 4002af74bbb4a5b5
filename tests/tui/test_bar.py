"""Bars: exact widths, small layers seen, nothing torn."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.text import width_of
from tui.widgets.bar import Segment, by_root, filling, plain, stacked
from tui.widgets.columns import Spans

_SIZES = st.lists(st.integers(0, 10**12), min_size=1, max_size=40)


def _width(spans: Spans) -> int:
    return sum(width_of(text) for text, _ in spans)


def _slots(spans: Spans) -> set[str]:
    return {part for _, ink in spans for part in ink.split(" on ")}


@given(_SIZES, st.integers(1, 60), st.floats(0, 1))
def test_a_stacked_bar_takes_its_share_of_the_width(sizes: list[int], width: int, share: float) -> None:
    segments = [Segment(i % 16, size) for i, size in enumerate(sizes)]
    assert _width(stacked(segments, width, share)) == max(1, round(width * share))


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=12))
def test_every_layer_is_seen_where_there_is_a_cell_for_each(sizes: list[int]) -> None:
    segments = [Segment(i, size) for i, size in enumerate(sizes)]
    assert _slots(stacked(segments, 2 * len(sizes))) == {f"slot{i}" for i in range(len(sizes))}


def test_a_layer_that_would_swallow_the_others_is_drawn_by_its_root() -> None:
    assert by_root([900, 10, 10])
    assert not by_root([500, 400, 100])


def test_layers_stand_in_order_from_the_base() -> None:
    spans = stacked([Segment(3, 50), Segment(1, 50)], 10)
    assert spans == (("█████", "slot3"), ("█████", "slot1"))


def test_a_layer_that_is_not_here_is_dotted_in_its_colour() -> None:
    assert stacked([Segment(3, 50, fill=0.0)], 4) == (("░░░░", "slot3"),)


@given(st.integers(0, 10**10), st.integers(0, 10**10), st.integers(1, 80))
def test_a_filling_bar_keeps_its_width(done: int, total: int, width: int) -> None:
    assert _width(filling(0, done, total, width)) == width


def test_a_filling_bar_is_dotted_at_first_and_solid_at_last() -> None:
    assert filling(2, 0, 100, 4) == (("", "slot2"), ("░░░░", "slot2"))
    assert filling(2, 100, 100, 4) == (("████", "slot2"), ("", "slot2"))


@given(st.integers(0, 10**10), st.integers(1, 10**10), st.integers(0, 80))
def test_a_plain_bar_never_outgrows_its_width(size: int, largest: int, width: int) -> None:
    assert _width(plain(0, min(size, largest), largest, width)) <= width
