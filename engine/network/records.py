"""Rows of networks and of the containers on them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from engine.errors import NotFound
from engine.network.models import Endpoint, Network

if TYPE_CHECKING:
    import sqlite3

_NETWORK = "id, name, created, bridge, subnet, gateway, subnet6, gateway6, internal, labels"
_ENDPOINT = "container_id, position, address, address6, mac, aliases"


def all_networks(db: sqlite3.Connection) -> list[Network]:
    """Every network, by name."""
    return [_network(row) for row in db.execute(f"SELECT {_NETWORK} FROM networks ORDER BY name")]  # noqa: S608


def find_network(db: sqlite3.Connection, name: str) -> Network:
    """The network of a name, an id, or the unique start of an id. :raises NotFound: there is none."""
    rows = db.execute(
        f"SELECT {_NETWORK} FROM networks WHERE name = ?1 OR id = ?1 "  # noqa: S608
        "OR (length(?1) >= 4 AND id >= ?1 AND id < ?1 || 'g') ORDER BY name != ?1, id != ?1 LIMIT 2",
        (name,),
    ).fetchall()
    found = [_network(row) for row in rows]
    if found and (name in (found[0].name, found[0].id) or len(found) == 1):
        return found[0]
    raise NotFound(
        f"there is no network {name!r}",
        hint=f"make it: lamina network create {name}; lamina network ls shows all",
    )


def add_network(db: sqlite3.Connection, network: Network) -> None:
    """Keep a network. sqlite3.IntegrityError passes through."""
    values = (*network[:-2], int(network.internal), json.dumps(dict(network.labels)))
    db.execute(f"INSERT INTO networks ({_NETWORK}) VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608


def move_network(db: sqlite3.Connection, network: Network) -> None:
    """Keep another bridge and subnet of a network."""
    db.execute(
        "UPDATE networks SET bridge = ?, subnet = ?, gateway = ? WHERE id = ?",
        (network.bridge, network.subnet, network.gateway, network.id),
    )


def remove_network(db: sqlite3.Connection, network: Network) -> None:
    """Forget a network. sqlite3.IntegrityError passes through: a container is on it."""
    db.execute("DELETE FROM networks WHERE id = ?", (network.id,))


def endpoints_of(db: sqlite3.Connection, container_id: str) -> list[Endpoint]:
    """A container's endpoints, the first interface first."""
    return _endpoints(db, "WHERE container_id = ? ORDER BY position", container_id)


def endpoints_on(db: sqlite3.Connection, network_id: str) -> list[Endpoint]:
    """Who is on a network, running or not."""
    return _endpoints(db, "WHERE network_id = ? ORDER BY container_id", network_id)


def endpoints_at(db: sqlite3.Connection, address: str) -> list[Endpoint]:
    """Whose address it is."""
    return _endpoints(db, "WHERE address = ?1 OR address6 = ?1", address)


def add_endpoint(db: sqlite3.Connection, endpoint: Endpoint) -> None:
    """Keep an endpoint. sqlite3.IntegrityError passes through: it is there, or an address is taken."""
    db.execute(
        f"INSERT INTO endpoints (network_id, {_ENDPOINT}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (
            endpoint.network.id, endpoint.container_id, endpoint.position, endpoint.address,
            endpoint.address6 or None, endpoint.mac, json.dumps(endpoint.aliases),
        ),
    )  # fmt: skip


def remove_endpoint(db: sqlite3.Connection, endpoint: Endpoint) -> None:
    """Give its addresses back."""
    db.execute(
        "DELETE FROM endpoints WHERE container_id = ? AND network_id = ?",
        (endpoint.container_id, endpoint.network.id),
    )


def taken_addresses(db: sqlite3.Connection, network: Network) -> set[str]:
    """Addresses that containers have on a network."""
    rows = db.execute("SELECT address, address6 FROM endpoints WHERE network_id = ?", (network.id,))
    return {address for row in rows for address in row if address}


def _endpoints(db: sqlite3.Connection, where: str, value: str) -> list[Endpoint]:
    query = f"SELECT {_ENDPOINT}, {_NETWORK} FROM endpoints JOIN networks ON network_id = id {where}"  # noqa: S608
    found = []
    for row in db.execute(query, (value,)):
        container_id, position, address, address6, mac, aliases = row[:6]
        network = _network(row[6:])
        found.append(
            Endpoint(
                container_id, network, position, address, address6 or "", mac, tuple(json.loads(aliases))
            )
        )
    return found


def _network(row: tuple[Any, ...]) -> Network:
    key, name, created, bridge, subnet, gateway, subnet6, gateway6, internal, labels = row
    return Network(
        key, name, created, bridge, subnet, gateway, subnet6, gateway6, bool(internal), json.loads(labels)
    )
