"""What the kernel shows a container beside what it shows the host: its namespaces and its rights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tui.facts import Walls
from tui.panels.page import Page, across
from tui.text import count, safe
from tui.widgets.columns import Column, Row, cell

if TYPE_CHECKING:
    from engine.containers.namespaces import ContainerNamespaces, IdRange, Namespace

_COLUMNS = (Column(1), Column(9), Column(20, most=4096, grow=1))
_BESIDE = (
    Column(10, most=12),
    Column(10, most=12, drop=2),
    Column(12, most=40, grow=2),
    Column(20, most=28, grow=1, drop=1),
)
_NOTHING = cell("")
_HOLDS = {
    "cgroup": "limits and counters it sees",
    "ipc": "shared memory, queues",
    "mnt": "mounts: its root",
    "net": "interfaces, routes, ports",
    "pid": "process numbers",
    "time": "clocks since boot",
    "user": "user ids and rights",
    "uts": "host name",
}
_HEADING = (
    _NOTHING,
    cell("namespace", "muted"),
    across(_BESIDE, tuple(cell(word, "muted") for word in ("here", "the host", "whose", "what it holds"))),
)
_ALL_IDS = 1 << 31
_NOT_RUNNING = ("", "It does not run, so the kernel has nothing of it. S starts it.")


def walls(known: Walls | None) -> Page | None:
    """Namespaces first, then rights; None while they are not known."""
    if known is None:
        return None
    seen = known.seen
    if seen is None:
        return Page(_COLUMNS, (), _NOT_RUNNING)
    slots = _slots(seen.namespaces)
    rows = [_namespace(one, slots.get(one.id, 0)) for one in seen.namespaces]
    rows += [
        Row(
            f"{name}-{number}",
            (_NOTHING, cell("" if number else name, "muted"), cell(value)),
            f"{name} {value}".lower(),
            value,
        )
        for name, values in _rights(seen)
        for number, value in enumerate(values)
    ]
    own = sum(one.id != one.host and not one.shared_with for one in seen.namespaces)
    state = ((f"{own} of {len(seen.namespaces)} its own", "muted"),)
    return Page(_COLUMNS, rows, (), state, _HEADING)


def _slots(namespaces: Sequence[Namespace]) -> dict[int, int]:
    """A colour for each set of containers that share namespaces, by the numbers of these."""
    sets = sorted({one.shared_with for one in namespaces if one.shared_with})
    return {one.id: sets.index(one.shared_with) for one in namespaces if one.shared_with}


def _namespace(one: Namespace, slot: int) -> Row:
    others = ", ".join(safe(name, 60) for name in one.shared_with)
    if one.id == one.host:
        mark, ink, words = "=", "warn", "the host's"
    elif others:
        mark, ink, words = "▌", f"slot{slot}", f"with {others}"
    else:
        mark, ink, words = "●", "good", "its own"
    named = ink if ink.startswith("slot") or ink == "warn" else "text"
    host = cell(str(one.host) if one.host else "hidden", "warn" if one.id == one.host else "muted")
    holds = cell(_HOLDS.get(one.kind, ""), "muted")
    beside = across(_BESIDE, (cell(str(one.id), named), host, cell(words, ink), holds))
    return Row(one.kind, (cell(mark, ink), cell(one.kind), beside), f"{one.kind} {words}".lower())


def _rights(seen: ContainerNamespaces) -> Iterable[tuple[str, list[str]]]:
    yield (
        "ids",
        [_ids(kind, one) for kind, ranges in (("user", seen.uids), ("group", seen.gids)) for one in ranges],
    )
    yield "may", [_listed(seen.capabilities["bounding"]) or "nothing privileged"]
    yield "may not", [_listed(seen.missing)] if seen.missing else []
    filters = f"{count(seen.filters, 'filter')} on its system calls" if seen.filters else "no filter"
    yield "seccomp", [filters + (", no new privileges" if seen.no_new_privileges else "")]
    yield "groups", _groups(seen.groups)
    yield "mounts", [f"{safe(one.target)}  {safe(one.kind, 40)}  {safe(one.options)}" for one in seen.mounts]


def _ids(kind: str, one: IdRange) -> str:
    if not one.inside and not one.outside and one.length > _ALL_IDS:
        return f"{kind} ids are the host's"
    more = f", and {one.length - 1} more" if one.length > 1 else ""
    return f"{kind} {one.inside} here is {one.outside} on the host{more}"


def _listed(rights: Iterable[str]) -> str:
    return ", ".join(safe(name, 40) for name in rights)


def _groups(lines: Iterable[str]) -> list[str]:
    """Paths of control groups with what is counted there. cgroups(7): NUMBER:CONTROLLERS:PATH"""
    counted: dict[str, list[str]] = {}
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        counted.setdefault(path, []).append(controllers or "unified")
    return [f"{safe(path)}  {safe(', '.join(names))}" for path, names in counted.items()]
