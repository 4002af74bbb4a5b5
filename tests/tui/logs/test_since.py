"""From when on a log is shown."""

from __future__ import annotations

import pytest

from tests.tui.logs.lines import NOW
from tui.logs.ring import MOST_LINES
from tui.logs.since import choices, chosen


@pytest.mark.parametrize(
    ("key", "part", "options"),
    [
        ("", (1000, None), ()),
        ("5m", (MOST_LINES, NOW - 300), ("--since", "5m")),
        ("start", (MOST_LINES, NOW - 60), ("--since", "2026-03-01T12:59:00.000000Z")),
        ("mark", (MOST_LINES, NOW - 5), ("--since", "2026-03-01T12:59:55.000000Z")),
        ("all", (MOST_LINES, None), ()),
    ],
)
def test_a_beginning_is_a_part_of_the_log_and_options_of_the_command(
    key: str, part: tuple[int, float | None], options: tuple[str, ...]
) -> None:
    since = chosen(key, NOW, NOW - 60, NOW - 5)
    assert (since.part, since.options) == (part, options)


def test_start_and_mark_are_offered_where_there_are_such() -> None:
    assert {key for key, *_ in choices(1.0, 2.0)} - {key for key, *_ in choices(None, None)} == {
        "start",
        "mark",
    }
