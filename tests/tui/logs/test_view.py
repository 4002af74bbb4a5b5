"""Where one stands in logs: following, looking back while more comes, filter, words, marks, and bounds."""

from __future__ import annotations

import pytest

from engine.containers.models import LogLine
from tests.tui.logs.lines import DB, NOW, WEB, lines, seen, view_of
from tui.logs import drawing
from tui.logs.book import copied
from tui.logs.ring import HELD, MOST_CHARACTERS, MOST_LINES
from tui.logs.styles import styled
from tui.logs.view import LogView
from tui.widgets.columns import Span


def test_one_follows_until_one_looks_back_and_again_at_the_end() -> None:
    view = view_of(*"abcdef")
    assert seen(view) == ["c", "d", "e", "f"]
    view.move(-1)
    view.take((WEB,), lines(0, 3), anew=False)
    assert (seen(view), view.follows, view.fresh) == (["c", "d", "e", "f"], False, 3)
    view.go_on()
    assert seen(view) == ["f", "line 0", "line 1", "line 2"]
    view.move(-1)
    view.move(1)
    assert view.follows


def test_moving_up_scrolls_when_the_cursor_would_leave() -> None:
    view = view_of(*"abcdefgh")
    seen(view)
    view.move(-5)
    assert seen(view) == ["c", "d", "e", "f"]
    view.page(1)
    assert view.current is not None
    assert view.current.text == "f"
    view.go_to(0)
    assert seen(view) == ["a", "b", "c", "d"]


def test_folded_lines_are_seen_from_their_end_and_whole_under_the_cursor() -> None:
    view = view_of("a", "x" * 20, "b" * 14)
    view.wrap = True
    assert seen(view, width=12, height=3) == ["x" * 10, "b" * 10, "bbbb"]
    view.move(-1)
    assert seen(view, width=12, height=3) == ["x" * 10, "x" * 10, "b" * 10]


@pytest.mark.parametrize("by", [-1, -3, -30, 1])
def test_the_wheel_moves_what_is_seen(by: int) -> None:
    view = view_of(*map(str, range(20)))
    seen(view)
    view.scroll(by)
    first = max(0, min(16, 16 + by))
    assert seen(view) == [str(n) for n in range(first, first + 4)]


def test_of_a_flood_a_bounded_part_is_kept() -> None:
    view = view_of("first")
    for batch in range(60):
        view.take((WEB,), lines(batch * 500, batch * 500 + 500), anew=False)
    assert len(view.book.shown) == MOST_LINES
    assert seen(view, height=2) == ["line 29998", "line 29999"]


def test_long_lines_are_bounded_by_their_characters_and_the_last_is_kept_whole() -> None:
    view = view_of("first")
    text = "x" * (MOST_CHARACTERS // 4)
    view.take((WEB,), [(0, LogLine(NOW, "stdout", text + str(n))) for n in range(9)], anew=False)
    assert len(view.book.shown) <= 4
    assert view.book.shown.characters <= MOST_CHARACTERS + 10
    assert view.current is not None
    assert view.current.text == text + "8"


def test_what_one_looks_at_stays_in_a_flood_and_enough_is_said_to_be_enough() -> None:
    view = view_of(*map(str, range(100)))
    seen(view)
    view.move(-50)
    before = seen(view)
    number = 0
    while not view.book.is_full:
        view.take((WEB,), lines(number, number + 500), anew=False)
        number += 500
    assert seen(view) == before
    assert len(view.book.shown) <= HELD * MOST_LINES + 500
    view.go_on()
    assert len(view.book.shown) == MOST_LINES


def test_only_lines_that_are_seen_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def parse(text: str) -> list[Span]:
        parsed.append(text)
        return styled(text)

    monkeypatch.setattr(drawing, "styled", parse)
    view = view_of("first")
    for batch in range(40):
        view.take((WEB,), lines(batch * 500, batch * 500 + 500), anew=False)
        view.draw(100, 30, NOW)
    assert len(parsed) <= 40 * 30


def test_a_filter_keeps_what_passes_while_others_flood() -> None:
    view = view_of("an Error here", "fine", "\x1b[31merr\x1b[0mor, in colours", "error but debug")
    view.set_filter("error !debug")
    for batch in range(30):
        view.take((WEB,), lines(batch * 500, batch * 500 + 500), anew=False)
    assert seen(view) == ["an Error here", "error, in colours"]
    view.set_filter("")
    assert len(view.book.shown) == MOST_LINES


def test_words_are_counted_as_lines_come_and_go() -> None:
    view = view_of("one", "two ONE", "three")
    view.book.set_find("one")
    assert len(view.book.hits) == 2
    view.take((WEB,), lines(0, 10, "one"), anew=False)
    assert len(view.book.hits) == 12
    view.take((WEB,), lines(0, MOST_LINES - 1), anew=False)
    assert len(view.book.hits) == 1


def test_matches_are_gone_through_in_both_ways_and_around() -> None:
    view = view_of("one", "two", "one", "four")
    view.book.set_find("one")
    view.meet()
    found = []
    for by in (1, 1, -1, -1):
        found.append(view.cursor)
        view.seek(by)
    assert found == [2, 0, 2, 0]
    view.book.set_find("nowhere")
    assert not view.seek(1)


def test_a_match_beyond_the_edge_is_brought_into_sight_under_the_cursor() -> None:
    view = view_of("x" * 100 + "needle", "last")
    view.book.set_find("needle")
    view.meet()
    assert any("needle" in line for line in seen(view, width=40))


def test_a_mark_is_drawn_where_one_was_and_lines_after_it_are_copied() -> None:
    view = view_of("before")
    view.book.mark(NOW)
    view.take((WEB,), lines(0, 3), anew=False)
    drawn = ["".join(text for text, _ in line.spans) for line in view.draw(40, 5, NOW)]
    assert drawn[1].startswith("── 13:00:00 ───")
    assert [entry.text for entry in view.chosen()] == ["line 0", "line 1", "line 2"]


def test_without_a_mark_what_is_seen_is_copied() -> None:
    view = view_of(*"abcdef")
    seen(view)
    assert copied(view.chosen()) == "c\nd\ne\nf"


def test_what_is_copied_is_whole_and_harmless() -> None:
    view = view_of("\x1b[31mred\x1b[0m\x07\ttab" + "x" * 10_000)
    assert view.current is not None
    assert copied([view.current]) == "red\ttab" + "x" * 10_000


def test_several_containers_stand_with_name_and_colour() -> None:
    view = LogView()
    errors = LogLine(NOW, "stderr", "b")
    view.take((WEB, DB), [(0, LogLine(NOW, "stdout", "a")), (1, errors)], anew=True)
    view.times = "none"
    first, second = (line.spans for line in view.draw(60, 4, NOW))
    assert first == [("▌web ", "slot0"), ("  ", "warn"), ("a", "text")]
    assert second == [("▌db  ", "slot1"), ("! ", "warn"), ("b", "text")]


@pytest.mark.parametrize(
    ("times", "shown"),
    [("time", "12:59:00 "), ("date", "2026-03-01 12:59:00.250 "), ("age", "  1m "), ("none", "  ")],
)
def test_times_are_shown_in_four_ways(times: drawing.Times, shown: str) -> None:
    view = LogView()
    view.take((WEB,), [(0, LogLine(NOW - 59.75, "stdout", "a"))], anew=True)
    view.times = times
    assert view.draw(60, 4, NOW + 1)[0].spans[0][0] == shown


def test_lines_that_are_missing_are_told_of() -> None:
    view = LogView()
    view.take((WEB,), [(0, LogLine(NOW, "stderr", "7 lines are missing here", dropped=7))], anew=True)
    assert seen(view) == ["7 lines are missing here"]
