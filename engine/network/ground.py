"""What all work on a store's networks stands on: the host, its rules, ports given back, the journal."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, TypeVar

from engine.events import Event
from engine.network import ports, rules
from engine.network.hosting import lock_of, on_host
from engine.network.models import DEFAULT_NETWORK, Network
from engine.network.views import NetworkViews
from engine.network.wishes import Publish
from engine.store.journal import Journal

if TYPE_CHECKING:
    from engine.linux.rtnetlink import Routing
    from engine.network.ports import IsHeld
    from engine.store.database import Database
    from engine.store.layout import Layout

_Found = TypeVar("_Found")


class NetworkGround(NetworkViews):
    """What is done for a network and for a container on it alike. Calls block.

    :param is_held: whether the container of an id runs, or is being started or removed just now.
    """

    def __init__(self, layout: Layout, database: Database, is_held: IsHeld) -> None:
        super().__init__(database)
        self._layout = layout
        self._is_held = is_held
        self._journal = Journal(layout)

    def ensure_default(self) -> None:
        """Have a row for the default network."""
        with self._database.read() as db:
            if db.execute("SELECT 1 FROM networks WHERE name = ?", (DEFAULT_NETWORK,)).fetchone():
                return
        self._add_default()

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
            # What is leased now: what somebody else has leased meanwhile is not to be taken from them.
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
