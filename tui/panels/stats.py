"""What a container uses, as six plots in two columns, or in one where it is narrow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from tui.history import History, Moment
from tui.panels.page import Page
from tui.text import size, width_of
from tui.widgets.columns import Column, Row, Span, Spans, clip_spans
from tui.widgets.plot import Plot, Window, nice, stacked, width_for, window

if TYPE_CHECKING:
    from engine.runtime.usage import ContainerStats, Traffic

_ONE = (Column(1, most=4096, grow=1),)
_TWO_COLUMNS = 64  # cells from which two plots stand side by side
_GAP = 3
_EVERY = 2.0  # seconds from sample to sample
_SPAN = 180.0  # seconds that a plot should show at least
_TALLEST = 8
_INKS = ("accent", "muted", "frame")
_MEMORY = ("accent", "frame", "muted")  # files the dimmest: the kernel gives them back when asked
_NOT_RUNNING = ("", "It does not run, so it uses nothing. S starts it.")

Values = Callable[[Moment], tuple[float, ...] | None]


class _Chart(NamedTuple):
    """One plot and the line above it, the longest version of it first.

    :param least: the smallest value that fills the plot. :param unit: makes text of that value.
    """

    name: str
    versions: tuple[Spans, ...]
    values: Values
    least: float
    unit: Callable[[float], str]
    inks: tuple[str, ...] = _INKS


def stats(history: History | None, running: bool, width: int, height: int) -> Page | None:
    """The plots in a room of so many cells; None while the first sample is awaited."""
    if not running:
        return Page(_ONE, (), _NOT_RUNNING)
    if history is None or width < 12:
        return None
    across = 2 if width >= _TWO_COLUMNS else 1
    cells = (width - _GAP * (across - 1)) // across
    columns = width_for(cells)
    step = _EVERY * max(1, round(_SPAN / _EVERY / columns))
    shown = window(history.began, history.last.time, columns, step)
    moments = history.moments(shown.start)
    charts = _charts(history.last, moments[-1])
    tall = max(1, min(_TALLEST, (height - 1) // (len(charts) // across) - 1))
    blocks = [_block(chart, moments, shown, cells, tall) for chart in charts]
    rows = []
    for number in range(0, len(blocks), across):
        together = blocks[number : number + across]
        for line in range(tall + 1):
            spans = _beside([block[line] for block in together], cells)
            search = " ".join(chart.name for chart in charts[number : number + across])
            rows.append(Row(f"{number}-{line}", (spans,), search))
    rows.append(Row("time", (_beside([_clock(shown)] * across, cells),)))
    return Page(_ONE, rows, (), ((_step_words(step), "muted"),))


def _block(
    chart: _Chart, moments: Sequence[Moment], shown: Window, cells: int, tall: int
) -> tuple[Spans, ...]:
    points = [(moment.time, chart.values(moment)) for moment in moments]
    top = nice(max(stacked([value for _, value in points]), chart.least))
    plot = Plot(points, shown, chart.inks, top, chart.unit(top))
    return (_head(chart, cells), *plot.lines(tall))


def _head(chart: _Chart, cells: int) -> Spans:
    for version in chart.versions:
        spans = ((f"{chart.name} ", "muted"), *version)
        if sum(width_of(text) for text, _ in spans) <= cells:
            return spans
    return tuple(clip_spans(((f"{chart.name} ", "muted"), *chart.versions[-1]), cells))


def _beside(parts: Sequence[Spans], cells: int) -> Spans:
    spans: list[Span] = []
    for number, part in enumerate(parts):
        if number:
            spans.append((" " * _GAP, "text"))
        room = cells - sum(width_of(text) for text, _ in part)
        spans += [*part, (" " * max(0, room), "text")]
    return tuple(spans)


def _clock(shown: Window) -> Spans:
    """The time below the left edge and below the middle."""
    half = shown.columns // 2
    left, middle = (
        f"{datetime.fromtimestamp(shown.start + at * shown.step).astimezone():%H:%M:%S}" for at in (0, half)
    )
    text = " " * 7 + (left.ljust(half) + middle if half > 9 else left)
    return ((text, "muted"),)


def _step_words(step: float) -> str:
    return f"a cell is {step:.0f} s"


def _charts(last: ContainerStats, now: Moment) -> tuple[_Chart, ...]:
    return (
        _cpu(last), _memory(last), _network(last, now), _disk(last, now), _processes(last), _pressure(last),
    )  # fmt: skip


def percent(value: float) -> str:
    """A share in whole steps: `0 %`, `<1 %`, `41 %`."""
    return "<1 %" if 0 < value < 1 else f"{value:.0f} %"


def rate(value: float | None) -> str:
    """Bytes a second."""
    return f"{size(round(value))}/s" if value is not None else "…"


def _cpu(last: ContainerStats) -> _Chart:
    cpu = last.cpu
    figure: Spans = ((percent(cpu.of_core) if cpu.of_core is not None else "…", "text"),)
    core: Spans = (*figure, (" of a core", "muted"))
    held: Spans = ((f" · held back {percent(cpu.throttled)}", "warn"),) if cpu.throttled else ()
    host: Spans = ((f" · {percent(cpu.of_host)} of the host", "muted"),) if cpu.of_host is not None else ()
    versions = ((*core, *host, *held), (*core, *held), (*figure, *held), figure)
    return _Chart(
        "cpu", versions, lambda moment: (moment.cpu,) if moment.cpu is not None else None, 10, percent
    )


def _memory(last: ContainerStats) -> _Chart:
    memory = last.memory
    figure: Spans = ((size(memory.used), _alarm(memory.used, memory.limit if memory.limited else 0)),)
    of: Spans = (*figure, (f" of {size(memory.limit)}", "muted"))
    kinds = (("own", memory.anonymous), ("files", memory.file), ("kernel", memory.kernel))
    gap: Spans = (("  ", "text"),)
    told = gap + _legend([f"{name} {size(value)}" for name, value in kinds], _MEMORY, " ")
    named = gap + _legend([name for name, _ in kinds], _MEMORY)
    versions = ((*of, *told), (*figure, *told), (*of, *named), (*figure, *named), of, figure)
    return _Chart(
        "memory",
        versions,
        lambda moment: (moment.anonymous, moment.file, moment.kernel),
        1e6,
        _bytes,
        _MEMORY,
    )


def _legend(texts: Sequence[str], inks: Sequence[str] = _INKS, space: str = "") -> Spans:
    """What each ink stands for."""
    spans: list[Span] = []
    for text, ink in zip(texts, inks, strict=False):
        spans += [(f"{'  ' if spans else ''}▪{space}", ink), (text, "muted")]
    return tuple(spans)


def _network(last: ContainerStats, now: Moment) -> _Chart:
    def values(moment: Moment) -> tuple[float, ...] | None:
        return None if moment.received is None or moment.sent is None else (moment.received, moment.sent)

    if last.network is None:
        return _Chart("network", ((("the host's own", "muted"),),), values, 1000, _bytes)
    ways = (("received", now.received), ("sent", now.sent))
    return _Chart("network", _two_ways(ways, last.network), values, 1000, _bytes)


def _disk(last: ContainerStats, now: Moment) -> _Chart:
    def values(moment: Moment) -> tuple[float, ...] | None:
        return None if moment.read is None or moment.written is None else (moment.read, moment.written)

    ways = (("read", now.read), ("written", now.written))
    return _Chart("disk", _two_ways(ways, last.disk), values, 1000, _bytes)


def _two_ways(ways: Sequence[tuple[str, float | None]], total: Traffic) -> tuple[Spans, ...]:
    """How much goes each way in a second, and how much went since the start."""
    told = _legend([f"{name} {rate(value)}" for name, value in ways], space=" ")
    short = _legend([rate(value) for _, value in ways])
    amounts = f" · {size(total.inward)} and {size(total.outward)} in all"
    return ((*told, (amounts, "muted")), told, short)


def _processes(last: ContainerStats) -> _Chart:
    limit = last.processes_limit
    figure: Spans = ((str(last.processes), _alarm(last.processes, limit or 0)),)
    of: Spans = (*figure, (f" of {limit}" if limit else " and threads", "muted"))
    return _Chart(
        "processes", (of, figure), lambda moment: (moment.processes,), 10, lambda value: f"{value:.0f}"
    )


def _pressure(last: ContainerStats) -> _Chart:
    def values(moment: Moment) -> tuple[float, ...] | None:
        if moment.waited_cpu is None or moment.waited_memory is None or moment.waited_io is None:
            return None
        return moment.waited_cpu, moment.waited_memory, moment.waited_io

    waited = last.pressure
    if waited is None:
        return _Chart("waited", ((("the kernel does not count it", "muted"),),), values, 10, percent)
    kinds = (("cpu", waited.cpu), ("memory", waited.memory), ("disk", waited.io))
    told = _legend([f"{name} {percent(value)}" for name, value in kinds], space=" ")
    named = _legend([name for name, _ in kinds])
    return _Chart("waited for", (told, named), values, 10, percent)


def _alarm(used: float, limit: float) -> str:
    return "warn" if limit and used > 0.9 * limit else "text"


def _bytes(value: float) -> str:
    return size(round(value))
