"""Who is called what: containers on networks that people made find each other by name."""

from __future__ import annotations

import json
import random
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple

from engine.linux.rtnetlink import Routing
from engine.network import records
from engine.network.models import Endpoint

if TYPE_CHECKING:
    from engine.store.database import Database

_SHORT = 12  # digits of an id that are a name too


class Asker(NamedTuple):
    """The container that asks.

    :param networks: ids of those where it finds others by name. :param servers: asked in place of the host's.
    :param outside: whether any of its networks leads there.
    """

    networks: tuple[str, ...]
    servers: tuple[str, ...]
    outside: bool


class Names:
    """The names on the networks of one store; only what is plugged in is found.

    :param network: id of the network that is asked for where the asker is no container.
    """

    def __init__(self, database: Database, network: str) -> None:
        self._database = database
        self._network = network

    def asker(self, address: str) -> Asker:
        """Whose address it is that a question came from."""
        with self._database.read() as db:
            found = [one for one in records.endpoints_at(db, address) if one.network.id == self._network]
            if not found:
                return Asker((self._network,), (), True)
            mine = records.endpoints_of(db, found[0].container_id)
            row = db.execute("SELECT config FROM containers WHERE id = ?", (mine[0].container_id,)).fetchone()
        servers = tuple(json.loads(row[0]).get("names", {}).get("servers", ())) if row else ()
        outside = any(not endpoint.network.internal for endpoint in mine)
        return Asker(tuple(one.network.id for one in mine if not one.network.is_default), servers, outside)

    def addresses(self, asker: Asker, name: str, version: int) -> list[str] | None:
        """Addresses of a name, in any order; None where nobody is called so.

        :param version: 4 or 6.
        """
        found = self._plugged([one for one, names in self._named(asker) if name in names])
        if not found:
            return None
        addresses = [one.address6 if version == 6 else one.address for one in found]
        chosen = [address for address in addresses if address]
        random.shuffle(chosen)  # several of one alias share the work
        return chosen

    def name(self, asker: Asker, reverse: str) -> str | None:
        """The name behind a name of in-addr.arpa or ip6.arpa; None where it is nobody's here."""
        address = _address(reverse)
        for endpoint, names in self._named(asker):
            if address and address in (endpoint.address, endpoint.address6):
                return f"{names[0]}.{endpoint.network.name}"
        return None

    def _named(self, asker: Asker) -> list[tuple[Endpoint, list[str]]]:
        """Everyone on the asker's networks with all names, each also with the network's behind a dot."""
        found = []
        with self._database.read() as db:
            titles = dict(db.execute("SELECT id, name FROM containers"))
            for network in asker.networks:
                for one in records.endpoints_on(db, network):
                    title = titles.get(one.container_id, "").lower()
                    names = [title, one.container_id[:_SHORT], *(alias.lower() for alias in one.aliases)]
                    suffix = one.network.name.lower()
                    found.append((one, [*names, *(f"{name}.{suffix}" for name in names)]))
        return found

    def _plugged(self, endpoints: list[Endpoint]) -> list[Endpoint]:
        if not endpoints:
            return []
        with Routing() as routing:
            return [one for one in endpoints if routing.link(one.host_interface) is not None]


def _address(reverse: str) -> str:
    """The address that a reverse name stands for, "" for any other name. RFC 1035, 3.5; RFC 3596, 2.5"""
    labels = reverse.split(".")
    try:
        if labels[-2:] == ["in-addr", "arpa"]:
            return str(ip_address(".".join(reversed(labels[:-2]))))
        if labels[-2:] == ["ip6", "arpa"] and len(labels) == 34:
            return str(ip_address(int("".join(reversed(labels[:-2])), 16).to_bytes(16, "big")))
    except ValueError:
        pass
    return ""
