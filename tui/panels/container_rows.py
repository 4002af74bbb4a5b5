"""One container as a row: state, health, ports, and what it uses."""

from __future__ import annotations

from collections.abc import Sequence

from engine.containers.models import ContainerSummary, Status
from engine.network.wishes import Publish
from tui.text import age, count, safe, size, width_of
from tui.usage import CELLS, Usage
from tui.widgets.columns import Column, Row, Spans, cell

_NAME = 16  # cells of a name before other columns fall away for it
_BUSY = 80.0  # percent of a processor that is worth a look
_NEAR = 0.9  # of the limit of memory


def columns_for(names: Sequence[str], with_ports: bool) -> tuple[Column, ...]:
    """Mark, state, name, image, ports, processor and memory with their lines, state in words."""
    longest = max([8, *map(width_of, names)])
    return (
        Column(1),
        Column(1, gap=0),
        Column(min(longest, _NAME), most=longest, grow=12, gap=1),
        Column(8, most=60, grow=6, drop=6, cut="middle"),
        Column(11 if with_ports else 0, most=30, grow=6, drop=4, gap=2 if with_ports else 0),
        Column(4, right=True, drop=2),
        Column(CELLS, drop=5, gap=1),
        Column(6, right=True, drop=2, gap=1),
        Column(CELLS, drop=7, gap=1),
        Column(12, most=400, grow=1, right=True, drop=1),
    )


def mark(container: ContainerSummary) -> Spans:
    """A container's state as one character and its colour."""
    match container.status:
        case Status.RUNNING if container.health == "unhealthy":
            return cell("!", "bad")
        case Status.RUNNING:
            return cell("●", "good")
        case Status.PAUSED:
            return cell("‖", "warn")
        case Status.RESTARTING:
            return cell("↻", "warn")
        case Status.DEAD:
            return cell("✗", "bad")
        case Status.EXITED if container.exit_code:
            return cell("✗", "bad")
        case _:
            return cell("○", "muted")


def state_words(container: ContainerSummary, now: float) -> Spans:
    """A container's state in words: `up 3m`, `unhealthy 2h`, `exited 1 2h`."""
    since = f" {age(now - container.finished)}" if container.finished is not None else ""
    match container.status:
        case Status.RUNNING:
            return _running(container, age(now - (container.started or now)))
        case Status.EXITED:
            code = "?" if container.exit_code is None else str(container.exit_code)
            return ((f"exited {code}", "bad" if container.exit_code else "muted"), (since, "muted"))
        case Status.DEAD:
            return cell("dead", "bad")
        case Status.PAUSED | Status.RESTARTING:
            return cell(container.status.value, "warn")
        case _:
            return cell("created", "muted")


def _running(container: ContainerSummary, since: str) -> Spans:
    match container.health:
        case "healthy":
            return (("✓ ", "good"), (f"up {since}", "good"))
        case "unhealthy":
            return cell(f"unhealthy {since}", "bad")
        case "starting":
            return cell(f"starting {since}", "warn")
        case _:
            return cell(f"up {since}", "good")


def ports_words(ports: Sequence[Publish]) -> str:
    """Published ports, short: `8080→80 53→53/udp`; the address where it is not all of them."""
    words = []
    for one in ports:
        protocol = "" if one.protocol == "tcp" else f"/{one.protocol}"
        address = f"{one.address}:" if one.address not in ("", "0.0.0.0", "::") else ""  # noqa: S104  compared
        words.append(f"{address}{one.port}→{one.target}{protocol}")
    return " ".join(dict.fromkeys(words))


def container_row(
    item: ContainerSummary, marked: Spans, meanwhile: str, usage: Usage | None, now: float, indent: str = ""
) -> Row:
    """One container; `meanwhile` is what is being done to it."""
    words = cell(meanwhile, "warn") if meanwhile else state_words(item, now)
    name, image, ports = safe(item.name), safe(item.image), ports_words(item.ports)
    labels = " ".join(f"{key}={value}" for key, value in item.labels.items())
    search = f"{item.name} {item.image} {item.id} {item.status} {item.health} {ports} {labels}".lower()
    return Row(
        item.id,
        (
            marked, mark(item), cell(indent + name), cell(image, "muted"), cell(ports, "muted"),
            *usage_cells(usage if item.pid else None), words,
        ),
        search,
    )  # fmt: skip


def usage_cells(usage: Usage | None) -> tuple[Spans, Spans, Spans, Spans]:
    """Processor and memory, each a figure and a line."""
    if usage is None:
        return cell(""), cell(""), cell(""), cell("")
    busy = "warn" if usage.cpu >= _BUSY else "text" if usage.cpu else "muted"
    full = "warn" if usage.limit and usage.memory > usage.limit * _NEAR else "text"
    return (
        cell(f"{usage.cpu:.0f}%", busy),
        cell(usage.cpu_drawn(), "accent"),
        cell(size(usage.memory), full),
        cell(usage.memory_drawn(), "muted"),
    )


def group_row(
    key: str, title: str, items: Sequence[ContainerSummary], is_folded: bool, marked: Spans,
    usages: Sequence[Usage],
) -> Row:  # fmt: skip
    """The head of a group: how many run, and what they use together."""
    running = sum(item.status is Status.RUNNING for item in items)
    words = cell(f"{running} of {len(items)} up", "good" if running else "muted")
    if any(item.health == "unhealthy" for item in items):
        words = cell("unhealthy", "bad")
    cpu, memory = sum(usage.cpu for usage in usages), sum(usage.memory for usage in usages)
    cells = (
        marked, cell("▸" if is_folded else "▾", "muted"), cell(safe(title, 200), "accent bold"),
        cell(count(len(items), "container") if is_folded else "", "muted"), cell(""),
        cell(f"{cpu:.0f}%" if usages else "", "muted"), cell(""),
        cell(size(memory) if usages else "", "muted"), cell(""), words,
    )  # fmt: skip
    return Row(key, cells)
