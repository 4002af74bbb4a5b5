"""Every verb for logs, in the inspector's tab and over the whole screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.segment import Segment

from engine.containers.models import LogLine, Status
from tests.tui.conftest import Make
from tests.tui.driving import Driver, app_of, ready, screen_lines, until
from tests.tui.fake import NOW, FakeSource, container
from tui.actions import action
from tui.logs import reading
from tui.logs.ring import HELD, MOST_LINES
from tui.logs.view import LogView
from tui.screens.logs import LogScreen
from tui.screens.pick import Pick
from tui.screens.text import TextDialog


def _screen(pilot: Driver) -> str:
    return "\n".join(screen_lines(pilot))


def _view(pilot: Driver) -> LogView:
    return app_of(pilot).state.logs


def _texts(pilot: Driver) -> list[str]:
    return [entry.text for entry in _view(pilot).book.shown.entries]


async def _open(pilot: Driver, *keys: str) -> LogView:
    """Stand in the log of the first container."""
    await ready(pilot)
    await pilot.press("2", "l")
    await until(pilot, lambda: len(_view(pilot).book.shown) > 0, "the log")
    await pilot.press(*keys)
    await pilot.pause()
    return _view(pilot)


async def _lines_come(pilot: Driver, total: int) -> None:
    await until(pilot, lambda: len(_texts(pilot)) == total, "the lines")


def _typed(words: str) -> list[str]:
    return ["space" if letter == " " else letter for letter in words]


def _more(first: int, end: int, words: str = "more") -> list[LogLine]:
    return [LogLine(NOW + n / 1000, "stdout", f"{words} {n}") for n in range(first, end)]


async def test_one_looks_back_while_more_comes_and_goes_on_at_the_end(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(160, 45)) as pilot:
        view = await _open(pilot, "k", "k")
        assert "paused · 38 of 40" in _screen(pilot)
        source.write(_more(0, 5))
        await until(pilot, lambda: "paused · 5 new" in _screen(pilot), "what is new")
        assert "checkpoint 39" in _screen(pilot)
        await pilot.press("G")
        assert view.follows
        assert "more 4" in _screen(pilot)
        await pilot.press("f")
        assert "paused" in _screen(pilot)
        await pilot.press("f")
        assert "paused" not in _screen(pilot)


async def test_words_are_found_counted_and_gone_through(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        view = await _open(pilot, "ctrl+f", *_typed("point 3"))
        assert view.follows
        await pilot.press("enter")
        assert "“point 3” 11 of 11" in _screen(pilot)
        await pilot.press("N", "N")
        assert "“point 3” 9 of 11" in _screen(pilot)
        await pilot.press("n")
        assert "“point 3” 10 of 11" in _screen(pilot)
        await pilot.press("escape")
        assert (view.book.find, "“" in _screen(pilot)) == ("", False)


async def test_a_filter_narrows_and_escape_shows_all(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        await _open(pilot, "slash", *"111", "enter")
        assert [text.split("checkpoint ")[1][:2] for text in _texts(pilot)] == ["37"]
        assert "/111" in _screen(pilot)
        await pilot.press("escape", "slash", *"nowhere")
        assert "nothing here with “nowhere”" in _screen(pilot)
        await pilot.press("escape")
        assert len(_texts(pilot)) == 40


async def test_another_beginning_is_chosen_and_read(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(160, 45)) as pilot:
        view = await _open(pilot, "less_than_sign")
        assert isinstance(pilot.app.screen, Pick)
        await pilot.press("j", "enter")
        await until(pilot, lambda: not _texts(pilot), "the log of a minute")
        assert "Nothing written since 1m." in _screen(pilot)
        await pilot.press("less_than_sign", "j", "enter")
        await until(pilot, lambda: len(_texts(pilot)) == 40, "the log of five minutes")
        assert view.since.key == "5m"
        assert source.asked_logs[-1][1:] == (MOST_LINES, NOW - 300)
        assert (
            action("log_follow").command(app_of(pilot).workbench.context) == "lamina logs -f --since 5m pg1"
        )


async def test_lines_are_folded_and_times_are_turned(make: Make) -> None:
    source = FakeSource()
    source.lines = [LogLine(NOW - 5, "stdout", "x" * 150)]
    async with make(source).run_test(size=(160, 45)) as pilot:
        await _open(pilot)
        assert "12:59:55   xxx" in _screen(pilot)
        await pilot.press("C")
        assert "2026-03-01 12:59:55.000   xxx" in _screen(pilot)
        await pilot.press("C")
        assert "  5s   xxx" in _screen(pilot)
        await pilot.press("C", "z")
        assert _screen(pilot).count("x" * 90) == 1
        assert sum("xxxx" in line for line in screen_lines(pilot)) == 2


async def test_a_mark_is_set_gone_to_and_copied_from(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(160, 45)) as pilot:
        copied: list[str] = []
        monkeypatch.setattr(pilot.app, "copy_to_clipboard", copied.append)
        await _open(pilot, "minus")
        assert "── 13:00:00 ──" in _screen(pilot)
        source.write(_more(0, 60))
        await until(pilot, lambda: "more 59" in _screen(pilot), "what comes after")
        await pilot.press("Y")
        assert copied[-1] == "\n".join(f"more {n}" for n in range(60))
        await pilot.press("apostrophe")
        assert "── 13:00:00 ──" in _screen(pilot)
        await pilot.press("j", "y")
        assert copied[-1] == "more 0"


async def test_a_line_is_shown_in_full_and_its_sequences_reach_nobody(make: Make) -> None:
    source = FakeSource()
    source.lines = [LogLine(NOW, "stdout", "\x1b]52;c;eA==\x07\x1b[31mall of it " + "x" * 200)]
    async with make(source).run_test(size=(120, 30)) as pilot:
        await _open(pilot, "enter")
        assert isinstance(pilot.app.screen, TextDialog)
        assert "\x1b" not in _screen(pilot)
        assert "all of it" in _screen(pilot)


async def test_a_log_is_saved_whole_with_what_the_filter_leaves(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = FakeSource()
    source.lines = [LogLine(NOW - 1, "stdout", "one \udcff" + "x" * 9000), LogLine(NOW, "stderr", "two")]
    source.lines.append(LogLine(NOW + 1, "stdout", "one that came after it was asked for"))
    async with make(source).run_test(size=(160, 45)) as pilot:
        await _open(pilot, "slash", *"one", "enter", "K")
        assert "writes lines with “one”" in _screen(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "1 line, 9.0 kB" in _screen(pilot), "the word of it")
        assert (tmp_path / "pg1.log").read_bytes() == b"one \xff" + b"x" * 9000 + b"\n"
        task = list(app_of(pilot).state.tasks.values())[-1]
        assert task.command == "lamina logs pg1 2>&1 | grep -iF -- one > pg1.log"


async def test_a_file_that_is_there_is_never_replaced(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pg1.log").write_text("mine")
    async with make().run_test(size=(160, 45)) as pilot:
        await _open(pilot, "K", "enter")
        assert "pg1.log is there already" in _screen(pilot)
        assert (tmp_path / "pg1.log").read_text() == "mine"


async def test_logs_fill_the_screen_and_stay_where_they_were(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(120, 30)) as pilot:
        view = await _open(pilot, "k", "k", "Z")
        assert isinstance(pilot.app.screen, LogScreen)
        assert "paused · 38 of 40" in _screen(pilot)
        await pilot.press("k", "slash", *"111", "enter", "escape", "escape")
        assert app_of(pilot).workbench.is_current
        assert (view.place, len(source.asked_logs)) == (38, 1)


async def test_marked_containers_stand_in_one_view_in_the_order_of_their_lines(make: Make) -> None:
    source = FakeSource()
    for number, item in enumerate(source.made[:3]):
        source.logs_of[item.id] = [LogLine(NOW + n, "stdout", f"line {n}") for n in range(number, 30, 3)]
    async with make(source).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("2", "space", "space", "space", "l")
        await until(pilot, lambda: len(_view(pilot).book.shown) == 30, "their logs")
        assert _texts(pilot) == [f"line {n}" for n in range(30)]
        assert "▌pg1            " in _screen(pilot)
        assert "▌import-2026-03 " in _screen(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, LogScreen)
        assert action("log_follow").command(screen.context).count("lamina logs -f ") == 3
        await pilot.press("escape")
        await until(
            pilot, lambda: _view(pilot).book.of is None or app_of(pilot).workbench.is_current, "the bench"
        )


async def test_merged_logs_are_saved_in_their_order(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = FakeSource()
    for number, item in enumerate(source.made[:2]):
        source.logs_of[item.id] = [LogLine(NOW - 9 + n, "stdout", f"line {n}") for n in range(number, 6, 2)]
    async with make(source).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("2", "space", "space", "l", "K", "enter")
        await until(pilot, (tmp_path / "containers.log").exists, "the file")
        await until(pilot, lambda: not app_of(pilot).state.running_tasks, "the end")
        names = ("pg1", "cache")
        assert (tmp_path / "containers.log").read_text().splitlines() == [
            f"{names[n % 2]} line {n}" for n in range(6)
        ]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.RUNNING, "writes to its output or its errors appears here"),
        (Status.CREATED, "Not started yet"),
        (Status.EXITED, "It ended without having written anything"),
    ],
)
async def test_an_empty_log_says_what_would_fill_it(make: Make, status: Status, words: str) -> None:
    source = FakeSource()
    source.made, source.lines = [container("web", "debian:12", status)], []
    async with make(source).run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("2", "l")
        await until(pilot, lambda: words in _screen(pilot), words)


async def test_a_flood_is_bounded_followed_and_looked_back_into(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAUSE", 0.0)
    source = FakeSource()
    async with make(source).run_test(size=(160, 45)) as pilot:
        view = await _open(pilot)
        for batch in range(10):
            source.write(_more(batch * 2000, batch * 2000 + 2000))
        await until(pilot, lambda: "more 19999" in _screen(pilot), "the last line")
        assert len(view.book.shown) == MOST_LINES
        await pilot.press("pageup")
        before = _screen(pilot).partition("more ")[2][:6]
        for batch in range(10, 35):
            source.write(_more(batch * 2000, batch * 2000 + 2000))
        await until(pilot, lambda: view.book.is_full, "enough")
        assert len(view.book.shown) <= HELD * MOST_LINES + 4000
        assert _screen(pilot).partition("more ")[2][:6] == before
        await pilot.press("end")
        await until(pilot, lambda: "more 69999" in _screen(pilot), "the last line again")
        assert len(view.book.shown) <= MOST_LINES


async def test_lines_that_were_cut_are_not_kept(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(160, 45)) as pilot:
        await _open(pilot)
        kept = Segment._split_cells.cache_info().currsize
        for number in range(40, 240, 40):
            source.write(_more(number, number + 40, "long " * 40))
            await _lines_come(pilot, number + 40)
        assert Segment._split_cells.cache_info().currsize <= kept + 10


async def test_what_is_not_seen_is_not_read(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(160, 45)) as pilot:
        view = await _open(pilot, "right_square_bracket")
        for batch in range(5):
            source.write(_more(batch * 10, batch * 10 + 10))
        await pilot.pause()
        assert len(view.book.shown) <= 50
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "more 49" in _screen(pilot), "what was written meanwhile")
        assert len(set(_texts(pilot))) == 90


async def test_how_lines_are_drawn_is_kept_between_starts(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        await _open(pilot, "z", "C")
    async with make().run_test(size=(160, 45)) as pilot:
        assert (_view(pilot).wrap, _view(pilot).times) == (True, "date")
