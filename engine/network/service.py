"""The networks of one store: made, looked at, removed; and containers put on them. Calls block."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, TypeVar

from engine.errors import AlreadyExists, Conflict, InvalidArgument
from engine.events import Event
from engine.network import leases, ports, records, rules
from engine.network.hosting import lock_of, on_host
from engine.network.models import DEFAULT_NETWORK, Endpoint, Network, NetworkOptions, Sandbox
from engine.network.views import NetworkViews
from engine.network.wishes import Attachment, Publish
from engine.store.journal import Journal

if TYPE_CHECKING:
    import sqlite3

    from engine.linux.nftables import Element
    from engine.linux.rtnetlink import Routing
    from engine.network.ports import IsHeld
    from engine.store.database import Database
    from engine.store.layout import Layout

_Found = TypeVar("_Found")


class NetworkService(NetworkViews):
    """The networks of one store.

    :param is_held: whether the container of an id runs, or is being started or removed just now.
    """

    def __init__(self, layout: Layout, database: Database, is_held: IsHeld) -> None:
        super().__init__(database)
        self._layout = layout
        self._is_held = is_held
        self._journal = Journal(layout)

    # making

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

        :raises Conflict: a container is on it, running or not. :raises InvalidArgument: the default one.
        """
        from engine.network.resolving import forget_mark

        network = self.get(name)
        if network.is_default:
            raise InvalidArgument(f"{network.name} is the default network and stays")
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

    def ensure_default(self) -> None:
        """Have a row for the default network."""
        with self._database.read() as db:
            if db.execute("SELECT 1 FROM networks WHERE name = ?", (DEFAULT_NETWORK,)).fetchone():
                return
        self._add_default()

    # containers

    def enroll(self, db: sqlite3.Connection, container_id: str, attachments: Sequence[Attachment]) -> None:
        """Put a new container on networks, in the transaction that makes it; see `leases.enroll`."""
        for attachment in attachments:
            leases.enroll(db, container_id, attachment)

    def open(self, container_id: str, wanted: Sequence[Publish]) -> Sandbox:
        """Make a container's network namespace: interfaces up, ports leased and published.

        Whoever starts the container hands the descriptors on and closes its own; all vanishes with the last.

        :raises Conflict: a port is taken, or a bridge cannot be had; nothing is left then.
        """
        from engine.linux.netns import new_namespace
        from engine.network.interfaces import configure, plug
        from engine.network.settling import settle

        self.ensure_default()
        held = self._new_held()
        namespace = -1
        try:
            with self._on_host() as routing:
                endpoints, bridges = settle(
                    routing, self._database, self._layout.root, lambda: self.endpoints(container_id)
                )
                published = self._lease(container_id, endpoints, wanted, held)
                namespace = new_namespace()
                for endpoint, bridge in zip(endpoints, bridges, strict=True):
                    plug(routing, endpoint, bridge, namespace)
                configure(endpoints, namespace)
                if rules.ensure_rules():
                    self._restore(container_id)
                known = [element for endpoint in endpoints for element in rules.of_network(endpoint.network)]
                self._publish(routing, [*known, *published])
                ports.forget_flows(self.published(container_id) if wanted else ())
                for endpoint in endpoints:
                    self._have_resolver(endpoint.network)
        except BaseException:
            held.close()
            if namespace >= 0:
                os.close(namespace)
            self.release(container_id)
            raise
        return Sandbox(namespace, tuple(held.descriptors), tuple(rules.TABLE.removal(published)))

    def release(self, container_id: str) -> None:
        """Give a container's ports back; its addresses stay its own until it is removed."""
        with self._database.read() as db:
            published = ports.leased(db, container_id)
        if published:
            self._withdraw(container_id, published)

    def sweep(self) -> None:
        """Give back the ports of containers that were killed together with their monitors."""
        with self._database.read() as db:
            found = [row[0] for row in db.execute("SELECT DISTINCT container_id FROM ports")]
        for container_id in found:
            if not self._is_held(container_id):
                self.release(container_id)

    def connect(self, container_id: str, attachment: Attachment, namespace: int = -1) -> Endpoint:
        """Put a container on one more network.

        :param namespace: a descriptor of its network namespace, where it runs.
        :raises AlreadyExists: it is there, or its address is taken.
        """
        from engine.network.interfaces import configure, plug

        self.ensure_default()
        with self._on_host() as routing, self._database.write() as db:
            endpoint = leases.enroll(db, container_id, attachment)
            if namespace >= 0:
                from engine.network.bridges import bring_up

                # In the transaction: an endpoint whose interface cannot be had is none.
                bridge = bring_up(routing, endpoint.network, self._layout.root)
                plug(routing, endpoint, bridge, namespace)
                configure([endpoint], namespace, records.endpoints_of(db, container_id))
                self._lead(db, container_id)
        if namespace >= 0:
            with self._on_host():  # not before, for all this reads what the transaction wrote
                if rules.ensure_rules():
                    self._restore("")
                rules.TABLE.add(rules.of_network(endpoint.network))
                self._have_resolver(endpoint.network)
        self._tell("connect", endpoint.network, container_id)
        return endpoint

    def disconnect(self, container_id: str, network: Network, namespace: int = -1) -> None:
        """Take a container off a network. :raises Conflict: it is not on it."""
        from engine.network.interfaces import set_routes

        with self._on_host() as routing, self._database.write() as db:
            endpoint = leases.dismiss(db, container_id, network)
            if namespace >= 0:
                routing.delete(endpoint.host_interface)
                set_routes(records.endpoints_of(db, container_id), namespace)
                self._lead(db, container_id)
        self._tell("disconnect", network, container_id)

    def within(self, look: Callable[[], _Found]) -> _Found:
        """Do something where the networks are: on the host."""
        return look()

    # inner

    def _add_default(self) -> None:
        from engine.network.orphans import remove_orphans
        from engine.network.settling import add_default

        with self._on_host() as routing:
            add_default(routing, self._database)
            # Once for each store, so that a host does not fill with what deleted ones left.
            remove_orphans(routing)

    def _on_host(self) -> AbstractContextManager[Routing]:
        return on_host(lock_of(self._layout.run))

    def _new_held(self) -> ports.Held:
        return ports.Held()

    def _withdraw(self, container_id: str, published: Sequence[Publish]) -> None:
        with self._database.write() as db:
            rules.TABLE.remove(ports.withdraw(db, container_id))
        ports.forget_flows(published)

    def _tell(self, action: str, network: Network, container_id: str = "") -> None:
        """Write in the journal what was done with a network, by Docker's names."""
        described = {"name": network.name, "type": "bridge"}
        if container_id:
            described["container"] = container_id
        self._journal.append(Event(time.time(), "network", action, network.id, described))

    def _restore(self, starting: str) -> None:
        """Tell new rules what the old ones knew of this store: its networks, and ports of who else runs."""
        from engine.network.interfaces import way_out

        found = [element for network in self.all() for element in rules.of_network(network)]
        with self._database.read() as db:
            holders = [row[0] for row in db.execute("SELECT DISTINCT container_id FROM ports")]
        for container_id in holders:
            if container_id != starting and self._is_held(container_id):
                out = way_out(self.endpoints(container_id))
                found += ports.elements(self.published(container_id), out) if out else []
        rules.TABLE.add(found)

    def _have_resolver(self, network: Network) -> None:
        from engine.network.resolving import ensure_resolver, wants_resolver

        if wants_resolver(network):
            ensure_resolver(self._layout, network)

    def _lead(self, db: sqlite3.Connection, container_id: str) -> None:
        """Let published ports lead to the network that now is the container's way out."""
        from engine.network.interfaces import way_out

        published = ports.leased(db, container_id)
        rules.TABLE.remove(
            [key for each in published for key in rules.keys_of_port(each.address, each.port, each.protocol)]
        )
        out = way_out(records.endpoints_of(db, container_id))
        if out is not None:
            rules.TABLE.add(ports.elements(published, out))
        ports.forget_flows(published)

    def _lease(
        self, container_id: str, endpoints: Sequence[Endpoint], wanted: Sequence[Publish], held: ports.Held
    ) -> list[Element]:
        from engine.network.interfaces import way_out

        if not wanted:
            return []
        out = way_out(endpoints)
        if out is None:
            raise Conflict(
                "ports cannot be published: the container is on no network that leads outside",
                hint="put it on one that is not internal: lamina network connect",
            )
        with self._database.write() as db:
            found = ports.lease(db, out, wanted, self._is_held, held)
        return ports.elements(found, out)

    def _publish(self, routing: Routing, elements: Sequence[Element]) -> None:
        try:
            rules.TABLE.add(elements)
            return
        except FileExistsError:
            rules.TABLE.remove(rules.stale_elements({link.name for link in routing.links()}))
        try:
            rules.TABLE.add(elements)
        except FileExistsError as error:
            raise Conflict(
                "a port is published by a container of another store already",
                hint="see: nft list table inet lamina",
            ) from error

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
