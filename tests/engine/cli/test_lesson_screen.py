"""What a plain terminal shows of a lesson."""

from __future__ import annotations

import io

import pytest

from engine.cli.lesson_screen import LessonScreen
from engine.lessons.events import Acted, Picture, Span, Underway
from engine.lessons.pictures import plotted

PICTURE = Picture("plot", "Memory", ((Span("one"),), (Span("two"),)))


def test_picture_of_what_goes_on_is_taken_away_by_the_next_event() -> None:
    recorded = io.StringIO()
    screen = LessonScreen(also=recorded.write)  # type: ignore[arg-type]  # what it returns is nobody's
    screen.show(Underway(1, "watch", PICTURE))
    screen.show(Underway(1, "watch", PICTURE))
    screen.show(Acted(1, "watch", "done", 1.0))
    assert recorded.getvalue().count("\x1b[3A\x1b[J") == 2
    assert recorded.getvalue().rpartition("\x1b[J")[2].count("done") == 1


def test_picture_of_what_goes_on_is_left_out_where_nothing_can_be_taken_away(
    capsys: pytest.CaptureFixture[str],
) -> None:
    LessonScreen().show(Underway(1, "watch", PICTURE))
    assert capsys.readouterr().out == ""


def test_plot_is_as_high_whatever_the_series_is() -> None:
    heights = {len(plotted(series, "").lines) for series in ((), (0.0,), (1.0, 5.0), tuple(range(500)))}
    assert len(heights) == 1
