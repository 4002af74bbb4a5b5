"""Only the cells that changed are written."""

from __future__ import annotations

from random import Random

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import CompositorUpdate
from textual.geometry import Region
from textual.strip import Strip

from engine.containers.models import ContainerSummary, Status
from engine.runtime.usage import ContainerStats, CpuUse, MemoryUse, Traffic
from tests.tui.conftest import Make
from tests.tui.driving import Driver, app_of, ready, until
from tests.tui.fake import NOW, FakeSource, container
from tests.tui.fake_still import StillSource
from tui.screens.confirm import Confirm
from tui.updates import StatsKnown
from tui.usage import EVERY
from tui.widgets.exact import Sent, changed_cells
from tui.widgets.rows import RowList

_RED = Style(color="red")


@pytest.mark.parametrize(
    ("before", "after", "runs"),
    [
        (["name ", "12%", " up"], ["name ", "17%", " up"], [(6, 1)]),
        (["a", "▁▁▂", "b", "1"], ["a", "▁▁▇", "b", "2"], [(3, 1), (5, 1)]),
        (["漢字", "x"], ["字漢", "x"], [(0, 4)]),
        (["a", "bc"], ["a", "bcd"], [(1, 3)]),
        (["same"], ["same"], []),
        (["ab", "cd"], ["abc", "d"], []),
        (["▁▁  ", "│ x"], ["▁▁▇ │", " y"], [(2, 1), (6, 1)]),
    ],
)
def test_what_changed_is_found(before: list[str], after: list[str], runs: list[tuple[int, int]]) -> None:
    old, new = (Strip([Segment(text) for text in texts]) for texts in (before, after))
    assert list(changed_cells(old, new)) == runs


def test_another_colour_is_a_change_of_the_whole_segment() -> None:
    assert list(changed_cells(Strip([Segment("ab")]), Strip([Segment("ab", _RED)]))) == [(0, 2)]


async def test_a_figure_costs_its_own_cells_and_not_its_line(make: Make) -> None:
    async with make(FakeSource()).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        sent, panel = Sent(), app_of(pilot).workbench.containers
        assert _written(pilot, sent, panel.screen._compositor.render_full_update())
        panel.refresh(Region(40, 0, 3, 1))
        assert _written(pilot, sent) == ""  # what was touched stands there already
        line = panel._painted[0]
        panel._painted[0] = Strip.join([line.crop(0, 41), Strip([Segment("#", _RED)]), line.crop(42, None)])
        panel.refresh(Region(0, 0, line.cell_length, 1))
        at = panel.content_region
        assert _written(pilot, sent).startswith(f"\x1b[{at.y + 1};{at.x + 42}H")


async def test_a_dialog_that_closes_costs_no_more_than_it_hid(make: Make) -> None:
    async with make(FakeSource()).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        sent = Sent()
        whole = _written(pilot, sent, pilot.app.screen._compositor.render_full_update())
        await pilot.press("d")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm), "the question")
        await pilot.pause()
        opened = _written(pilot, sent, pilot.app.screen._compositor.render_full_update())
        await pilot.press("escape")
        closed = _written(pilot, sent, pilot.app.screen._compositor.render_full_update())
        assert 0 < len(opened) < len(whole) / 3
        assert 0 < len(closed) < len(whole) / 3


async def test_a_terminal_of_another_size_or_one_that_was_forgotten_gets_all(make: Make) -> None:
    async with make(FakeSource()).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        sent, screen = Sent(), pilot.app.screen
        whole = _written(pilot, sent, screen._compositor.render_full_update())
        assert _written(pilot, sent, screen._compositor.render_full_update()) == ""
        sent.forget()
        assert _written(pilot, sent, screen._compositor.render_full_update()) == whole
        await pilot.resize_terminal(120, 30)
        await until(pilot, lambda: screen.size.width == 120, "the size")
        assert _written(pilot, sent, screen._compositor.render_full_update()).count("\n") == 29


async def test_twenty_restless_containers_cost_less_than_a_slow_line_has(make: Make) -> None:
    dice = Random(7)
    source = StillSource()
    source.made = [container(f"web{n}", "lab/web:1", Status.RUNNING) for n in range(20)]
    async with make(source).run_test(size=(160, 60)) as pilot:
        await ready(pilot)
        sent = Sent()
        written = 0
        for moment in range(40):
            samples = (_restless(dice, item, moment) for item in source.made)
            app_of(pilot).state.apply([StatsKnown(tuple(samples))])
            update = pilot.app.screen._compositor.render_full_update() if moment == 9 else None
            cost = len(_written(pilot, sent, update).encode())
            written += cost if moment >= 10 else 0
        assert 0 < written / (30 * EVERY) < 600


def _written(pilot: Driver, sent: Sent, update: CompositorUpdate | None = None) -> str:
    """The bytes for an update, or for what is waiting to be drawn."""
    console = Console(force_terminal=True, color_system="truecolor")
    screen = pilot.app.screen
    screen._compositor.update_widgets(set(screen.query(RowList)))
    update = update or screen._compositor.render_partial_update()
    return sent.send(update, console) if update is not None else ""


def _restless(dice: Random, item: ContainerSummary, moment: int) -> ContainerStats:
    """Figures that go up and down by a third from sample to sample."""
    cpu = max(0.0, dice.gauss(10, 3))
    used = int(dice.gauss(80e6, 4e6))
    memory = MemoryUse(used, used, used, 0, 0, 8 << 30, False)
    nothing = Traffic(0, 0)
    use = CpuUse(1, cpu, None, None, 0)
    return ContainerStats(
        item.id, item.name, NOW + moment, True, use, memory, nothing, nothing, 1, None, None
    )
