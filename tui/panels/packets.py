"""The way of a container's packets, hop by hop, for each of its networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.facts import Paths
from tui.panels.page import Page
from tui.text import count, safe
from tui.widgets.columns import Column, Row, cell

if TYPE_CHECKING:
    from engine.containers.models import ContainerSummary
    from engine.containers.network_view import PacketPath
    from engine.network.path import Hop

_COLUMNS = (Column(1), Column(10), Column(15, most=20, drop=1), Column(20, most=4096, grow=1))
_WORDS = {"interface": "inside", "pair": "on host", "outside": "outside"}
_ABOUT = {
    "none": ("", "It has no network: a loopback is all it sees.", "", "Another one: run it with --network."),
    "host": ("", "It uses the host's network as any program does: nothing lies between."),
}


def packets(known: Paths | None, container: ContainerSummary) -> Page | None:
    """The path of what it sends; None while it is not known."""
    if known is None:
        return None
    if not known.paths:
        return Page(_COLUMNS, (), _ABOUT.get(container.network, ("", "It is on no network.")))
    rows: list[Row] = []
    for number, path in enumerate(known.paths):
        if number:
            rows.append(Row(f"{number}-", (cell(""),) * 4))
        rows += _path(str(number), path)
    blocked = any(hop.kind == "firewall" for path in known.paths for hop in path.hops)
    note = (("a firewall stops it", "bad"),) if blocked else ()
    networks = ((count(len(known.paths), "network"), "muted"),)
    return Page(_COLUMNS, rows, (), note or networks)


def _path(key: str, path: PacketPath) -> list[Row]:
    endpoint, network = path.endpoint, path.endpoint.network
    names = ", ".join(safe(name) for name in endpoint.aliases)
    facts = f"{network.subnet}{f', also called {names}' if names else ''}"
    head = (
        cell(""),
        cell("network", "muted"),
        cell(safe(network.name), "accent"),
        cell(facts, "muted"),
    )
    rows = [Row(f"{key}-network", head, network.name.lower())]
    for number, hop in enumerate(path.hops):
        rows.append(_hop(f"{key}-{number}", hop))
    return rows


def _hop(key: str, hop: Hop) -> Row:
    stops = hop.kind == "firewall"
    mark, ink = ("✗", "bad") if stops or not hop.up else ("↓", "good")
    detail = safe(hop.detail)
    cells = (
        cell(mark, ink),
        cell(_WORDS.get(hop.kind, hop.kind), "bad" if stops else "muted"),
        cell(safe(hop.name)),
        cell(detail if hop.up or stops else f"{detail} · not there now", "text" if hop.up else "warn"),
    )
    return Row(key, cells, f"{hop.kind} {hop.name} {detail}".lower(), detail)
