"""Only the cells that changed are written."""

from __future__ import annotations

from random import Random

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from engine.containers.models import ContainerSummary, Status
from engine.runtime.usage import ContainerStats, CpuUse, MemoryUse, Traffic
from tests.tui.conftest import Make
from tests.tui.driving import app_of, ready
from tests.tui.fake import NOW, FakeSource, container
from tests.tui.fake_still import StillSource
from tui.updates import StatsKnown
from tui.usage import EVERY
from tui.widgets.exact import changed_cells

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
    source = FakeSource()
    async with make(source).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        screen = app_of(pilot).screen
        panel = app_of(pilot).workbench.containers
        await pilot.pause()
        at = panel.content_region
        from textual.geometry import Region

        panel.refresh(Region(40, 0, 3, 1))
        screen._compositor.update_widgets({panel})
        update = screen._compositor.render_partial_update()
        assert update is not None
        written = update.render_segments(pilot.app.console)
        assert written.startswith(f"\x1b[{at.y + 1};{at.x + 41}H")
        assert len("".join(part for part in written.split("m")[1::2])) < 40


async def test_twenty_restless_containers_cost_less_than_a_slow_line_has(make: Make) -> None:
    dice = Random(7)
    source = StillSource()
    source.made = [container(f"web{n}", "lab/web:1", Status.RUNNING) for n in range(20)]
    async with make(source).run_test(size=(160, 60)) as pilot:
        await ready(pilot)
        screen = app_of(pilot).screen
        console = Console(force_terminal=True, color_system="truecolor")
        written = 0
        for moment in range(40):
            samples = (_restless(dice, item, moment) for item in source.made)
            app_of(pilot).state.apply([StatsKnown(tuple(samples))])
            screen._compositor.update_widgets({app_of(pilot).workbench.containers})
            update = screen._compositor.render_partial_update()
            if update is not None and moment >= 10:
                written += len(update.render_segments(console).encode())
        assert 0 < written / (30 * EVERY) < 600


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
