"""Plots stand still while time goes on, and say what they show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.text import width_of
from tui.widgets.plot import Plot, Point, nice, stacked, window

_INKS = ("accent", "muted", "frame")


def _plot(points: list[Point], columns: int = 10, top: float = 8.0) -> Plot:
    return Plot(points, window(0, points[-1][0], columns, 1), _INKS, top, "8")


def _text(plot: Plot, height: int) -> list[str]:
    return ["".join(text for text, _ in line) for line in plot.lines(height)]


def test_a_column_is_as_high_as_its_value() -> None:
    lines = _text(_plot([(0, (8.0,)), (1, (4.0,)), (2, (0.0,)), (3, None), (4, (1.0,))]), 1)
    assert lines == ["     8┤█▄▁ ▁     "]


def test_higher_plots_have_finer_steps_and_an_axis_with_both_ends() -> None:
    lines = _text(_plot([(0, (8.0,)), (1, (5.0,)), (2, (2.0,))]), 2)
    assert lines == ["     8┤█▂        ", "     0┤██▄       "]


def test_what_is_more_than_nothing_is_seen() -> None:
    assert _text(_plot([(0, (0.001,))]), 3)[-1].startswith("     0┤▁")


def test_areas_lie_one_above_another_and_meet_inside_a_cell() -> None:
    line = _plot([(0, (4.0, 4.0))]).lines(1)[0]
    assert line[2] == ("▄", "accent on muted")


def test_a_column_holds_the_mean_of_its_samples() -> None:
    plot = Plot([(0, (8.0,)), (1, (0.0,))], window(0, 1, 4, 2), _INKS, 8.0, "8")
    assert _text(plot, 1) == ["     8┤▄   "]


def test_the_picture_begins_at_the_left_and_stays_until_the_edge_is_reached() -> None:
    starts = [window(100, 100 + moment, 10, 1).start for moment in range(25)]
    assert starts == [100] * 10 + [105] * 5 + [110] * 5 + [115] * 5


@given(
    began=st.floats(0, 1e9), lasted=st.floats(0, 1e7), columns=st.integers(2, 300), step=st.integers(1, 60)
)
def test_now_is_always_in_sight(began: float, lasted: float, columns: int, step: int) -> None:
    shown = window(began, began + lasted, columns, step)
    assert -1 <= shown.column(began + lasted) <= columns  # one off where a float falls beside its edge


@pytest.mark.parametrize(
    ("value", "round_one"), [(0, 1), (0.3, 0.5), (7, 10), (12, 20), (201, 500), (5e8, 5e8)]
)
def test_scales_end_at_round_numbers(value: float, round_one: float) -> None:
    assert nice(value) == pytest.approx(round_one)


@given(st.lists(st.none() | st.tuples(*[st.floats(0, 1e12)] * 3), min_size=1, max_size=40), st.integers(1, 8))
def test_every_line_is_as_wide_as_the_plot(values: list[tuple[float, ...] | None], height: int) -> None:
    points: list[Point] = [(float(moment), value) for moment, value in enumerate(values)]
    plot = Plot(points, window(0, len(points), 20, 1), _INKS, nice(stacked(values)), "1.0 TB")
    assert {sum(width_of(text) for text, _ in line) for line in plot.lines(height)} == {27}
