"""Terminals on the screen: typed into, left, come back to, closed."""

from __future__ import annotations

from tests.tui.conftest import Make
from tests.tui.driving import Driver, app_of, ready, screen_lines, until, widths
from tests.tui.fake import FakeSource
from tests.tui.fake_terminal import FakeSession
from tests.tui.hostile import HOSTILE
from tui.screens.terminal import TerminalScreen
from tui.screens.workbench import Workbench


def shown(pilot: Driver) -> str:
    return "\n".join(line.rstrip() for line in screen_lines(pilot))


async def opened(pilot: Driver, source: FakeSource, key: str = "E") -> FakeSession:
    """A terminal into the container that runs."""
    await ready(pilot)
    await pilot.press("2")
    bench = app_of(pilot).workbench
    await until(pilot, lambda: bench.containers.has_focus, "the containers")
    before = len(source.sessions)
    await pilot.press("g", key)
    await until(pilot, lambda: len(source.sessions) > before, "the session")
    await until(pilot, lambda: isinstance(pilot.app.screen, TerminalScreen), "the screen")
    return source.sessions[-1]


async def test_what_is_typed_reaches_the_program_and_what_it_writes_is_seen(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(80, 24), notifications=True) as pilot:
        session = await opened(pilot, source)
        session.say(b"\x1b[32mroot\x1b[0m# ")
        await until(pilot, lambda: "root#" in shown(pilot), "the prompt")
        await pilot.press("l", "s", "enter", "ctrl+c", "up", "q", "ctrl+q", "question_mark", "escape", "tab")
        await until(pilot, lambda: session.typed == b"ls\r\x03\x1b[Aq\x11?\x1b\t", "what was typed")
        assert session.sizes[-1] == (22, 80)
        assert widths(pilot) == {80}


async def test_a_terminal_is_left_running_and_come_back_to(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(80, 24), notifications=True) as pilot:
        session = await opened(pilot, source)
        await pilot.press("ctrl+right_square_bracket")
        await until(pilot, lambda: "leave it running" in shown(pilot), "the keys")
        await pilot.press("d")
        await until(pilot, lambda: isinstance(pilot.app.screen, Workbench), "the workbench")
        session.say(b"written meanwhile")
        assert not session.closed
        await pilot.press("T")
        await until(pilot, lambda: "written meanwhile" in shown(pilot), "what was written")
        await pilot.press("ctrl+right_square_bracket", "ctrl+right_square_bracket")
        await until(pilot, lambda: session.typed == b"\x1d", "the leader itself")


async def test_several_terminals_stand_behind_their_tabs(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(80, 24), notifications=True) as pilot:
        first = await opened(pilot, source)
        first.say(b"the first")
        await pilot.press("ctrl+right_square_bracket", "d")
        second = await opened(pilot, source)
        second.say(b"the second")
        await until(pilot, lambda: "the second" in shown(pilot), "the second")
        await pilot.press("ctrl+right_square_bracket", "n")
        await until(pilot, lambda: "the first" in shown(pilot), "the first")
        await pilot.press("ctrl+right_square_bracket", "x")
        await until(pilot, lambda: "the second" in shown(pilot), "the second alone")
        assert (first.hung_up, first.closed, second.closed) == (True, True, False)
        await pilot.press("ctrl+right_square_bracket", "x")
        await until(pilot, lambda: isinstance(pilot.app.screen, Workbench), "the workbench")
        await pilot.press("T")
        await until(pilot, lambda: "No terminal is open" in shown(pilot), "a word")


async def test_an_end_says_its_code_and_any_key_goes_back(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(80, 24), notifications=True) as pilot:
        session = await opened(pilot, source)
        session.say(b"bye\r\n")
        session.say(b"")
        await until(pilot, lambda: "ended with exit code 3" in shown(pilot), "the end")
        assert (session.closed, session.hung_up) == (True, False)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, Workbench), "the workbench")
        assert app_of(pilot).terminals.shells == []


async def test_one_looks_back_while_the_program_goes_on(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(80, 24), notifications=True) as pilot:
        session = await opened(pilot, source)
        session.say(b"".join(b"line %d\r\n" % number for number in range(100)))
        await until(pilot, lambda: "line 99" in shown(pilot), "the end")
        await pilot.press("ctrl+right_square_bracket", "u")
        await until(pilot, lambda: "line 60" in shown(pilot), "earlier lines")
        before = shown(pilot)
        session.say(b"more\r\n" * 50)
        await until(pilot, lambda: app_of(pilot).terminals.shells[0].cells.gone > 120, "more")
        assert shown(pilot).splitlines()[1:20] == before.splitlines()[1:20]
        await pilot.press("x")
        await until(pilot, lambda: "more" in shown(pilot), "the end again")


async def test_attached_output_without_a_terminal_stands_in_lines(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(80, 24), notifications=True) as pilot:
        session = await opened(pilot, source, "a")
        session.say(b"one\ntwo\n")
        await until(pilot, lambda: "\ntwo" in shown(pilot), "two lines")
        await pilot.press("ctrl+right_square_bracket", "x")
        await until(pilot, lambda: session.closed, "left")
        assert not session.hung_up  # it is the container's own program


async def test_what_is_pasted_and_the_window_reach_the_program(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(80, 24), notifications=True) as pilot:
        session = await opened(pilot, source)
        await pilot.resize_terminal(100, 40)
        await until(pilot, lambda: session.sizes[-1] == (38, 100), "the new size")
        await pilot.press("ctrl+right_square_bracket", "y")
        await until(pilot, lambda: "on your clipboard" in shown(pilot), "a word")


async def test_hostile_output_tears_nothing(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(60, 16)) as pilot:
        session = await opened(pilot, source)
        for text in HOSTILE:
            session.say(text.encode("utf-8", "surrogatepass")[:200_000] + b"\r\n")
        session.say(b"\x1b[38;2;9999;1;1mcolour\x1b[0m\r\nthe end")
        await until(pilot, lambda: "the end" in shown(pilot), "the end", seconds=30)
        assert widths(pilot) == {60}
        assert not [line for line in screen_lines(pilot) if any(ord(one) < 32 for one in line)]
