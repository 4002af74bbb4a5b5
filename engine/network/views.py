"""The networks of one store and who is on them, as the database has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.network import ports, records
from engine.network.wishes import Publish

if TYPE_CHECKING:
    from engine.network.models import Endpoint, Network
    from engine.store.database import Database


class NetworkViews:
    """What there is to see. Calls block."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Network]:
        """Every network, by name; the default one from its first use on."""
        with self._database.read() as db:
            return records.all_networks(db)

    def get(self, name: str) -> Network:
        """A network by its name or id. :raises NotFound: there is none."""
        with self._database.read() as db:
            return records.find_network(db, name)

    def members(self, network: Network) -> list[Endpoint]:
        """Who is on a network, running or not."""
        with self._database.read() as db:
            return records.endpoints_on(db, network.id)

    def endpoints(self, container_id: str) -> list[Endpoint]:
        """A container's endpoints, the first interface first."""
        with self._database.read() as db:
            return records.endpoints_of(db, container_id)

    def published(self, container_id: str) -> list[Publish]:
        """The ports of the host that lead to a container."""
        with self._database.read() as db:
            return ports.leased(db, container_id)

    def all_published(self) -> dict[str, tuple[Publish, ...]]:
        """The ports of the host that lead to containers, by the container's id."""
        found: dict[str, tuple[Publish, ...]] = {}
        with self._database.read() as db:
            for container_id, *port in db.execute(
                "SELECT container_id, address, port, target, protocol FROM ports ORDER BY target, port"
            ):
                found[container_id] = (*found.get(container_id, ()), Publish(*port))
        return found

    def all_joined(self) -> dict[str, tuple[str, ...]]:
        """Names of the networks that containers are on, by the container's id, the first interface first."""
        found: dict[str, tuple[str, ...]] = {}
        with self._database.read() as db:
            for container_id, name in db.execute(
                "SELECT container_id, name FROM endpoints JOIN networks ON network_id = id ORDER BY position"
            ):
                found[container_id] = (*found.get(container_id, ()), name)
        return found
