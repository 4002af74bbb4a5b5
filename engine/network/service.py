"""Containers on networks: their namespace and interfaces, ports, and moves while they run. Calls block."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.errors import Conflict
from engine.network import leases, ports, records, rules
from engine.network.keeping import NetworkKeeping
from engine.network.models import Endpoint, Network, Sandbox
from engine.network.wishes import Attachment, Publish

if TYPE_CHECKING:
    import sqlite3

    from engine.linux.nftables import Element
    from engine.linux.rtnetlink import Routing


class NetworkService(NetworkKeeping):
    """The networks of one store, and containers on them; see `NetworkGround` for its parameters."""

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
        published_there = False
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
                published_there = True
                ports.forget_flows(self.published(container_id) if wanted else ())
                for endpoint in endpoints:
                    self._have_resolver(endpoint.network)
        except BaseException:
            held.close()
            if namespace >= 0:
                os.close(namespace)
            if published_there:
                self.release(container_id)
            else:
                # What the rules have under these ports is another's.
                with self._database.write() as db:
                    ports.withdraw(db, container_id)
            raise
        return Sandbox(namespace, tuple(held.descriptors), tuple(rules.TABLE.removal(published)))

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

    # inner

    def _lead(self, db: sqlite3.Connection, container_id: str) -> None:
        """Let published ports lead to the network that now is the container's way out."""
        from engine.network.interfaces import way_out

        published = ports.leased(db, container_id)
        rules.TABLE.remove(ports.keys_of(published))
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
