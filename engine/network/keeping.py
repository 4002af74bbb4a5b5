"""Networks themselves: made, removed, pruned. Calls block."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from engine.errors import AlreadyExists, Conflict, InvalidArgument
from engine.network import records, rules
from engine.network.ground import NetworkGround
from engine.network.models import ALWAYS_THERE, Endpoint, Network, NetworkOptions

if TYPE_CHECKING:
    import sqlite3

    from engine.linux.rtnetlink import Routing


class NetworkKeeping(NetworkGround):
    """The networks that a store has."""

    def create(self, options: NetworkOptions) -> Network:
        """Make a network and its bridge.

        :raises AlreadyExists: the name is taken. :raises InvalidArgument: an option cannot be meant.
        :raises Conflict: the subnet is somebody's already.
        """
        from engine.network.making import check_name, draft

        check_name(options.name)
        with self._on_host() as routing:
            from engine.network.bridges import bring_up, routed_subnets

            routed = routed_subnets(routing)
            with self._database.write() as db:
                known = records.all_networks(db)
                if any(network.name == options.name for network in known):
                    raise AlreadyExists(f"a network is called {options.name} already")
                network = draft(options, known, routed)
                records.add_network(db, network)
                # In the transaction: a network whose bridge cannot be had is none.
                bring_up(routing, network, self._layout.root)
            if rules.ensure_rules():
                self._restore("")
            rules.TABLE.add(rules.of_network(network))
        self._tell("create", network)
        return network

    def remove(self, name: str) -> Network:
        """Remove a network and its bridge.

        :raises Conflict: a container is on it, running or not.
        :raises InvalidArgument: it is one of those that are always there.
        """
        from engine.network.resolving import forget_mark

        always = {one.name: one for one in ALWAYS_THERE}
        network = always.get(name) or self.get(name)
        if network.is_default or network.name in always:
            raise InvalidArgument(f"{network.name} is a network that is always there, and stays")
        with self._on_host() as routing:
            with self._database.write() as db:
                members = records.endpoints_on(db, network.id)
                if members:
                    names = ", ".join(_container_names(db, members))
                    raise Conflict(
                        f"the network {network.name} is used by: {names}",
                        hint=f"remove them, or: lamina network disconnect {network.name} CONTAINER",
                    )
                records.remove_network(db, network)
            _take_down(routing, network)
        forget_mark(self._layout, network.id)
        self._tell("destroy", network)
        return network

    def prune(self) -> list[Network]:
        """Remove every network that no container is on; the default one only loses its bridge for now.

        Bridges of stores that were deleted by hand go too.
        """
        from engine.network.bridges import is_ours
        from engine.network.orphans import remove_orphans

        self.sweep()
        removed = []
        for network in self.all():
            if network.is_default:
                self._rest(network)
                continue
            with suppress(Conflict):
                removed.append(self.remove(network.id))
        with self._on_host() as routing:
            remove_orphans(routing)
            if not any(is_ours(link) for link in routing.links()):
                rules.remove_rules()
        return removed

    # inner

    def _rest(self, network: Network) -> None:
        """Take the default network's bridge down for as long as no container is on it."""
        with self._on_host() as routing:
            if not self.members(network):
                _take_down(routing, network)


def _take_down(routing: Routing, network: Network) -> None:
    from engine.network.bridges import is_up

    if is_up(routing, network):
        routing.delete(network.bridge)
        rules.TABLE.remove(rules.of_network(network))


def _container_names(db: sqlite3.Connection, endpoints: Sequence[Endpoint]) -> list[str]:
    query = "SELECT name FROM containers WHERE id = ?"
    return [row[0] for each in endpoints for row in db.execute(query, (each.container_id,))]
