"""Having the bridges of a container there, and a place for the default one where its own is taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import Conflict
from engine.network import leases, records
from engine.network.bridges import bring_up, default_bridge, is_up, routed_subnets
from engine.network.making import draft
from engine.network.models import DEFAULT_NETWORK, Endpoint, Network, NetworkOptions

if TYPE_CHECKING:
    from engine.linux.rtnetlink import Routing
    from engine.store.database import Database


def settle(
    routing: Routing, database: Database, root: Path, endpoints: Callable[[], list[Endpoint]]
) -> tuple[list[Endpoint], list[int]]:
    """Bring up the bridges of endpoints; gives these, and the numbers of the interfaces.

    :param root: the store's directory. :param endpoints: asked again where the default network had to move.
    :raises Conflict: a bridge cannot be had.
    """
    found = endpoints()
    try:
        return found, [bring_up(routing, endpoint.network, root) for endpoint in found]
    except Conflict:
        if not any(_move(routing, database, endpoint.network) for endpoint in found):
            raise
    found = endpoints()
    return found, [bring_up(routing, endpoint.network, root) for endpoint in found]


def add_default(routing: Routing, database: Database) -> None:
    """Have a row for the default network; nothing where there is one."""
    routed = routed_subnets(routing)
    with database.write() as db:
        known = records.all_networks(db)
        if not any(network.is_default for network in known):
            network = draft(NetworkOptions(DEFAULT_NETWORK), known, routed)
            records.add_network(db, network._replace(bridge=default_bridge(routing, network.id)))


def _move(routing: Routing, database: Database, network: Network) -> bool:
    """Give the default network another bridge and subnet, where somebody has taken its own meanwhile.

    Nobody chose them, and without its bridge none of its containers runs.
    """
    if not network.is_default or is_up(routing, network):
        return False
    routed = routed_subnets(routing)
    with database.write() as db:
        others = [one for one in records.all_networks(db) if one.id != network.id]
        fresh = draft(NetworkOptions(DEFAULT_NETWORK), others, routed)
        moved = network._replace(
            bridge=default_bridge(routing, network.id),
            subnet=fresh.subnet,
            gateway=fresh.gateway,
        )
        records.move_network(db, moved)
        leases.lease_anew(db, moved)
    return True
