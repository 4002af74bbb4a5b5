"""Networks and volumes as rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tui.text import age, count, safe, size
from tui.widgets.columns import Column, Row, Spans, cell
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from engine.containers.network_list import NetworkRow
    from engine.volumes.models import Volume

Listing = tuple[tuple[Column, ...], list[Row], tuple[str, ...]]
_NETWORKS = (Column(8, most=40, grow=3), Column(14, most=22, grow=1, drop=1), Column(14, right=True, drop=2))
_VOLUMES = (
    Column(8, most=64, grow=3, cut="middle"), Column(7, right=True), Column(12, right=True, drop=1),
    Column(4, right=True, drop=2),
)  # fmt: skip
_ABOUT = (Column(12, most=24, grow=1), Column(16, most=200, grow=4))
_NO_NETWORKS = ("", "No networks yet: the default one is made with the first container.", "a makes another.")
_NO_VOLUMES = ("", "No volumes. a makes one; a container that asks for one makes it too.")


class StoreList(RowList):
    """One of the two lists, with a filter."""

    def __init__(self, place: str) -> None:
        super().__init__(id=place)
        self.filter = ""
        self._title = ""
        self._listing: Listing = ((), [], ())

    def take(self, name: str, columns: tuple[Column, ...], rows: list[Row], empty: tuple[str, ...]) -> None:
        """Show other rows."""
        self._title, self._listing = name, (columns, rows, empty)
        self._draw()

    def set_filter(self, words: str) -> None:
        """Show only rows that hold all of these words."""
        self.filter = words
        self._draw()

    def _draw(self) -> None:
        columns, rows, empty = self._listing
        words = self.filter.lower().split()
        kept = [row for row in rows if all(word in row.search for word in words)]
        self.show(columns, kept, ("nothing here with these words",) if words else empty)
        filtered: Spans = ((f" /{safe(self.filter, 40)}", "accent"),) if self.filter else ()
        self.entitle(((self._title, "text"), *filtered), ((str(len(kept)), "muted"),))


def network_list(networks: Sequence[NetworkRow]) -> Listing:
    """Networks: name, subnet, how many are on it."""
    rows = []
    for row in networks:
        one, members = row.network, len(row.members)
        used = cell(count(members, "container") if members else "unused", "text" if members else "muted")
        rows.append(Row(one.name, (cell(safe(one.name)), cell(safe(one.subnet), "muted"), used),
                        f"{one.name} {one.subnet}".lower()))  # fmt: skip
    return _NETWORKS, rows, _NO_NETWORKS


def volume_list(volumes: Sequence[Volume], now: float) -> Listing:
    """Volumes: name, size, who has it, age."""
    rows = []
    for one in volumes:
        ink = "muted" if one.anonymous else "text"
        used = count(len(one.used_by), "container") if one.used_by else "unused"
        cells = (
            cell(safe(one.name), ink),
            cell(size(one.size or 0)),
            cell(used, "text" if one.used_by else "muted"),
            cell(age(now - one.created), "muted"),
        )
        rows.append(Row(one.name, cells, f"{one.name} {' '.join(one.used_by)}".lower()))
    return _VOLUMES, rows, _NO_VOLUMES


def network_about(row: NetworkRow, now: float) -> Listing:
    """All about one network."""
    one = row.network
    facts = [
        ("id", one.id[:12]), ("bridge", one.bridge), ("subnet", one.subnet), ("gateway", one.gateway),
        ("IPv6", f"{one.subnet6}  {one.gateway6}" if one.subnet6 else "no"),
        ("outside", "no way: internal" if one.internal else "reached, by address translation"),
        ("made", age(now - one.created)),
        ("names", "no: the default network has none" if one.is_default else "containers find each other"),
    ]  # fmt: skip
    members = [
        (
            member.name,
            " ".join(filter(None, (member.interface, member.address, member.address6, *member.aliases))),
        )
        for member in row.members
    ]
    return _page(facts, one.labels.items(), "containers", members, "no container is on it; c puts one there")


def volume_about(one: Volume, now: float) -> Listing:
    """All about one volume."""
    facts = [
        ("size", size(one.size or 0)), ("on the host", one.path), ("made", age(now - one.created)),
        ("name", "made up" if one.anonymous else "given"),
    ]  # fmt: skip
    users = [(name, "") for name in one.used_by]
    return _page(facts, one.labels.items(), "containers", users, "no container has it; d removes it")


def _page(
    facts: Sequence[tuple[str, str]],
    labels: Iterable[tuple[str, str]],
    title: str,
    users: Sequence[tuple[str, str]],
    nobody: str,
) -> Listing:
    pairs = [(f"label {key}", value) for key, value in labels]
    rows = [_pair(str(n), name, value, "muted") for n, (name, value) in enumerate([*facts, *pairs])]
    rows.append(Row("users", (cell(""), cell(""))))
    rows.append(Row("title", (cell(title, "accent bold"), cell("" if users else nobody, "muted"))))
    rows += [_pair(f"user{n}", name, value, "text") for n, (name, value) in enumerate(users)]
    return _ABOUT, rows, ()


def _pair(key: str, name: str, value: str, ink: str) -> Row:
    return Row(key, (cell(safe(name, 200), ink), cell(safe(value, 400))))
