"""Small quiet figures: what moves is seen, what does not writes nothing."""

from __future__ import annotations

import itertools

from engine.runtime.usage import ContainerStats, CpuUse, MemoryUse, Traffic
from tui.usage import CELLS, Usage, Usages


def _sample(cpu: float | None, memory: int, name: str = "a") -> ContainerStats:
    use = MemoryUse(memory, memory, memory, 0, 0, 8 << 30, False)
    return ContainerStats(
        name, name, 0.0, True, CpuUse(1, cpu, None, None, 0), use, Traffic(0, 0), Traffic(0, 0), 1, None, None
    )


def test_a_jitter_changes_nothing() -> None:
    usage = Usage()
    for _ in range(CELLS * 5):
        usage.take(_sample(40.0, 50_000_000))
    before = usage.version
    for cpu in (41.0, 39.5, 40.4):
        usage.take(_sample(cpu, 50_200_000))
    assert (usage.version, usage.cpu) == (before, 40.0)


def test_a_step_is_shown_at_once() -> None:
    usage = Usage()
    usage.take(_sample(1.0, 10_000_000))
    usage.take(_sample(90.0, 300_000_000))
    assert (round(usage.cpu), usage.memory) == (90, 300_000_000)


def test_one_sample_changes_one_cell_of_a_line_at_most() -> None:
    usage = Usage()
    lines = []
    for cpu in (0.0, 0.0, 80.0, 3.0, 10.0):
        usage.take(_sample(cpu, 10_000_000))
        lines.append(usage.cpu_drawn())
    changes = [
        sum(one != other for one, other in zip(a, b, strict=True)) for a, b in itertools.pairwise(lines)
    ]
    assert max(changes) == 1


def test_those_that_no_longer_run_are_forgotten() -> None:
    usages = Usages()
    usages.take([_sample(1.0, 1, "a"), _sample(1.0, 1, "b")])
    usages.take([_sample(1.0, 1, "b")])
    assert usages.of("a") is None
    assert usages.of("b") is not None


def test_nothing_is_shown_before_a_rate_is_known() -> None:
    usages = Usages()
    usages.take([_sample(None, 1)])
    assert usages.of("a") is None
