"""What a lesson can draw: a closed set of kinds, fed from the engine's state or from measured figures."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from engine.errors import InvalidArgument
from engine.lessons.events import Picture, Role, Span
from engine.lessons.figures import Figure, number, one_line, size
from engine.lessons.measures import named
from engine.lessons.place import Place
from engine.lessons.vocabulary import picture
from engine.printable import cells, printable

WIDTH = 78  # columns
_BAR = 30
_ROWS = 18
_HEIGHT = 6  # rows of a plot
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_MARKS = {"new": "+", "copied up": "~", "attributes": "~", "replaced": "~", "deleted": "-"}

Line = tuple[Span, ...]


@picture
async def stack(place: Place, *, image: str = "", container: str = "", layers: int = 0) -> Picture:
    """An image's layers, the topmost first, each in its colour; of a container also its writable layer."""
    lines: list[Line] = []
    if container:
        view = await place.engine.overlay(container)
        image = (await place.engine.container(container)).image
        writes = f"writable layer of {container}: {len(view.changes)} paths"
        lines.append((Span("░" * 6 + " ", Role.ACCENT), Span(f"{size(view.disk):>8}  {writes}", Role.ACCENT)))
    detail = await place.engine.image(image)
    shown = detail.layers[: layers or None]
    largest = max((row.unpacked for row in shown), default=1) or 1
    for row in reversed(shown):
        wide = max(1, round(_BAR * row.unpacked / largest))
        also = f"  also in {len(row.used_by)} more" if row.used_by else ""
        lines.append((
            Span("█" * wide + " ", slot=row.slot),
            Span(f"{row.position} {row.role} {size(row.unpacked)}{also}"),
        ))  # fmt: skip
        lines.append((Span("    " + _cut(row.created_by, WIDTH - 4), Role.MUTED),))
    return Picture("stack", f"Layers of {container or image}, unpacked", tuple(lines))


@picture
async def tree(place: Place, *, image: str, path: str = "/", layers: int = 0) -> Picture:
    """A directory of an image or of its lowest layers, each path in the colour of the layer it is from."""
    detail = await place.engine.image(image)
    merged = await place.engine.tree(image, layers or None)
    rows = merged.children(path)
    lines: list[Line] = []
    for row in rows[:_ROWS]:
        end = "/" if row.kind.name == "DIRECTORY" else ""
        slot = detail.layers[row.position - 1].slot
        lines.append((
            Span("▌ ", slot=slot),
            Span(f"{_cut(printable(row.name) + end, 40):<40} {size(row.size):>8}  "),
            Span(f"layer {row.position}", slot=slot),
        ))  # fmt: skip
    if len(rows) > _ROWS:
        lines.append((Span(f"  and {len(rows) - _ROWS} more", Role.MUTED),))
    upto = f", {'layer 1' if layers == 1 else f'layers 1 to {layers}'}" if layers else ""
    return Picture("tree", f"{path} in {image}{upto}: {len(merged)} paths in all", tuple(lines))


@picture
async def changes(place: Place, *, container: str) -> Picture:
    """What a container has written, path by path, with what each costs."""
    view = await place.engine.overlay(container)
    lines: list[Line] = []
    for change in view.changes[:_ROWS]:
        effect = str(change.effect)
        role = Role.BAD if effect == "deleted" else Role.GOOD if effect == "new" else Role.WARN
        lines.append((
            Span(f"{_MARKS.get(effect, '~')} ", role),
            Span(f"{_cut(printable(change.path), 44):<44} {size(change.cost):>8}  "),
            Span(effect, role),
        ))  # fmt: skip
    if not lines:
        lines.append((Span("nothing is written", Role.MUTED),))
    return Picture("changes", f"Writable layer of {container}: {size(view.disk)}", tuple(lines))


@picture
async def bars(place: Place, *, of: str, labels: str = "", title: str = "") -> Picture:
    """Measured figures as bars of one scale; labels in the same order, with commas between."""
    figures = _labelled(place, of, labels)
    largest = max((number(figure) for _, figure in figures), default=0)
    wide = max(cells(label) for label, _ in figures)
    lines = []
    for slot, (label, figure) in enumerate(figures):
        share = number(figure) / largest if largest and not math.isnan(number(figure)) else 0
        eighths = round(share * (WIDTH - wide - 16) * 8)
        bar = "█" * (eighths // 8) + ("▏▎▍▌▋▊▉"[eighths % 8 - 1] if eighths % 8 else "")
        lines.append((Span(f"{label:>{wide}} "), Span(bar or "▏", slot=slot % 16), Span(f" {figure}")))
    return Picture("bars", title, tuple(lines))


@picture
async def table(place: Place, *, of: str, labels: str = "", title: str = "") -> Picture:
    """Measured figures, one a line; labels in the same order, with commas between."""
    figures = _labelled(place, of, labels)
    wide = max(cells(label) for label, _ in figures)
    lines: list[Line] = []
    for label, figure in figures:
        for row, piece in enumerate(textwrap.wrap(str(figure), WIDTH - wide - 2) or [""]):
            lines.append((Span(f"{'' if row else label:<{wide}}  ", Role.MUTED), Span(piece)))
    return Picture("table", title, tuple(lines))


@picture
async def side_by_side(place: Place, *, of: str, labels: str = "", title: str = "") -> Picture:
    """Two measured texts beside each other, line by line: what is the same, what differs."""
    figures = _labelled(place, of, labels)
    if len(figures) != 2:
        raise InvalidArgument("side_by_side takes two figures")
    half = (WIDTH - 3) // 2
    columns = [_lines_of(figure) for _, figure in figures]
    lines: list[Line] = [
        tuple(Span(f"{_cut(label, half):<{half}}   ", Role.ACCENT) for label, _ in figures),
    ]
    for row in range(min(_ROWS, max(map(len, columns)))):
        left, right = (column[row] if row < len(column) else "" for column in columns)
        role = Role.MUTED if left == right else Role.TEXT
        lines.append((Span(f"{_cut(left, half):<{half}} │ ", role), Span(_cut(right, half), role)))
    return Picture("side_by_side", title, tuple(lines))


@picture
async def plot(place: Place, *, of: str, title: str = "") -> Picture:
    """A measured series over time, as columns."""
    name, figure = named(place, of)[0]
    values = figure.value if isinstance(figure.value, tuple) else (number(figure),)
    return plotted(values, title or name)


def plotted(values: Sequence[float], title: str) -> Picture:
    """A series over time, as columns."""
    wide = WIDTH - 10
    picked = [values[i * len(values) // wide] for i in range(wide)] if len(values) > wide else list(values)
    top = max([value for value in picked if not math.isnan(value)], default=0) or 1
    lines = []
    for row in reversed(range(_HEIGHT)):
        levels = [max(0, min(8, round(value / top * _HEIGHT * 8) - row * 8)) for value in picked]
        scale = f"{top:>8.3g} " if row == _HEIGHT - 1 else f"{'0' if not row else '':>8} "
        lines.append(
            (Span(scale, Role.MUTED), Span("".join(_EIGHTHS[level] for level in levels), Role.ACCENT))
        )
    return Picture("plot", title, tuple(lines))


@picture
async def path(place: Place, *, container: str) -> Picture:
    """The way of a container's packets: interface, pair, bridge, rules, outside."""
    lines: list[Line] = []
    for way in await place.engine.packet_paths(container):
        for hop in way.hops:
            arrow = Span("  ↓ " if lines else "    ", Role.MUTED)
            name = Span(
                f"{hop.kind:<10}{_cut(printable(hop.name), 18):<19}", Role.GOOD if hop.up else Role.BAD
            )
            lines.append((arrow, name, Span(_cut(printable(hop.detail), WIDTH - 34), Role.MUTED)))
    return Picture("path", f"The way of a packet of {container}", tuple(lines))


def _labelled(place: Place, of: str, labels: str) -> list[tuple[str, Figure]]:
    figures = named(place, of)
    if not figures:
        raise InvalidArgument("a picture needs the names of figures in `of`")
    names = [label.strip() for label in labels.split(",")] if labels else [name for name, _ in figures]
    if len(names) != len(figures):
        raise InvalidArgument(f"{len(figures)} figures have {len(names)} labels")
    return [(name, figure) for name, (_, figure) in zip(names, figures, strict=True)]


def _lines_of(figure: Figure) -> list[str]:
    return [one_line(line) for line in str(figure.value).strip().splitlines()] or [""]


def _cut(text: str, wide: int) -> str:
    """Text of at most so many columns; outside text made safe."""
    safe = printable(text)
    return safe if len(safe) <= wide else safe[: wide - 1] + "…"
