"""Ways about the screen: jump mode, back and forward, help on the panel one stands in, what is kept."""

from __future__ import annotations

from tests.tui.conftest import Make
from tests.tui.driving import app_of, ready, screen_lines, until
from tests.tui.fake import FakeSource
from tui.screens.explorer import Explorer
from tui.screens.jump import LETTERS, Jump
from tui.state import Subject
from tui.trail import Spot, Trail


def test_a_trail_goes_back_and_forward_and_forgets_what_lay_ahead() -> None:
    trail = Trail()
    for what in ("images", "layers", "inspector"):
        trail.visit(Spot(what))
    assert [spot.what for spot in (trail.step(-1), trail.step(-1)) if spot] == ["layers", "images"]
    assert trail.step(-1) is None
    there = trail.step(1)
    assert there is not None
    assert there.what == "layers"
    trail.arrive()
    trail.visit(Spot("activity"))
    assert trail.step(1) is None


def test_going_through_rows_is_one_place() -> None:
    trail = Trail()
    trail.visit(Spot("layers"))
    for number in range(5):
        trail.visit(Spot("images", Subject("image", str(number))))
    trail.step(-1)
    there = trail.step(1)
    assert there is not None
    assert there.subject == Subject("image", "4")


async def test_a_letter_goes_to_its_panel_or_tab(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        bench = app_of(pilot).workbench
        await pilot.press("ctrl+o")
        assert isinstance(pilot.app.screen, Jump)
        await pilot.pause()
        assert " a " in screen_lines(pilot)[1]
        await pilot.press(LETTERS[2])
        await until(pilot, lambda: bench.stack.has_focus, "the third panel")
        tabs = len(bench.panels) + bench.inspector.names.index("History")
        await pilot.press("ctrl+o", LETTERS[tabs])
        await until(pilot, lambda: bench.inspector.tab == "History", "the tab")
        await pilot.press("ctrl+o", "escape")
        assert bench.is_current


async def test_back_goes_to_where_one_was_also_over_screens(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        bench = app_of(pilot).workbench
        await pilot.press("j", "j", "3", "e")
        await until(pilot, lambda: isinstance(pilot.app.screen, Explorer), "the explorer")
        await pilot.pause()
        await pilot.press("escape", "2")
        await until(pilot, lambda: bench.containers.has_focus, "the containers")
        await pilot.press("alt+left")
        await until(pilot, lambda: bench.stack.has_focus, "the layers")
        await pilot.press("alt+left")
        await until(pilot, lambda: isinstance(pilot.app.screen, Explorer), "the explorer again")
        await pilot.press("alt+left", "alt+left")
        await until(pilot, lambda: bench.images.has_focus, "the images")
        assert bench.images.cursor == 2
        for _ in range(4):
            await pilot.press("alt+right")
            await pilot.pause()
        await until(pilot, lambda: bench.containers.has_focus, "the containers again")


async def test_help_begins_with_the_panel_one_stands_in(make: Make) -> None:
    async with make().run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("2", "question_mark")
        await pilot.pause()
        lines = [line for line in screen_lines(pilot) if "│" in line]
        assert any("Those that run and those that do not" in line for line in lines)
        shown = "\n".join(lines)
        assert shown.index("restart") < shown.index("Moving")


async def test_filters_panel_and_groups_are_remembered(make: Make) -> None:
    async with make(theme="").run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        await pilot.press("2", "slash", *"pg", "enter")
        app_of(pilot).workbench.containers.group_by("team")
    async with make(theme="").run_test(size=(160, 45)) as pilot:
        bench = app_of(pilot).workbench
        await until(pilot, lambda: len(bench.images.rows) == 5, "the lists")
        assert (bench.containers.filter, bench.containers.label) == ("pg", "team")
        assert bench.containers.has_focus


async def test_a_portrait_window_shows_all_panels_in_one_column(make: Make) -> None:
    async with make(FakeSource()).run_test(size=(70, 80)) as pilot:
        await ready(pilot)
        bench = app_of(pilot).workbench
        assert [panel.region.width for panel in bench.panels] == [70] * 5
        assert all(panel.region.height > 3 for panel in bench.panels)
        await pilot.press("3")
        assert bench.images.region.height > 3


async def test_a_window_that_is_too_small_says_so_and_recovers(make: Make) -> None:
    async with make().run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("3", "j")
        await pilot.resize_terminal(50, 10)
        await until(pilot, lambda: "too small" in "\n".join(screen_lines(pilot)), "the word")
        await pilot.resize_terminal(120, 30)
        bench = app_of(pilot).workbench
        await until(pilot, lambda: "Layers" in "\n".join(screen_lines(pilot)), "the panels")
        await until(pilot, lambda: bench.stack.has_focus, "the focus")
        assert bench.stack.cursor == 1
