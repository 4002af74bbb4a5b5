"""The way of a packet: from a container's interface by pair, bridge and rules to the outside."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass

from engine.linux.rtnetlink import Link, Routing
from engine.network.bridges import is_up
from engine.network.firewalls import obstacles
from engine.network.models import Endpoint, Network
from engine.network.wishes import Publish


@dataclass(frozen=True, slots=True)
class Hop:
    """One place that a packet passes.

    :param kind: "interface", "pair", "bridge", "rules", "firewall" (of others, which stops it) or "outside".
    :param name: of an interface or of a chain, or "".
    :param detail: what happens there. :param up: whether it is there now.
    """

    kind: str
    name: str
    detail: str
    up: bool


def path_of(routing: Routing, endpoint: Endpoint, published: Sequence[Publish]) -> list[Hop]:
    """The hops of what a container sends, the first first."""
    network = endpoint.network
    pair = routing.link(endpoint.host_interface)
    addresses = [
        f"{address}/{subnet.partition('/')[2]}"
        for address, subnet in ((endpoint.address, network.subnet), (endpoint.address6, network.subnet6))
        if address
    ]
    plugged = pair is not None and pair.up
    return [
        Hop("interface", endpoint.interface, f"{', '.join(addresses)}, {endpoint.mac}", plugged),
        Hop("pair", endpoint.host_interface, f"a port of {network.bridge}", plugged),
        *path_of_network(routing, network, endpoint, published),
    ]


def path_of_network(
    routing: Routing, network: Network, endpoint: Endpoint | None = None, published: Sequence[Publish] = ()
) -> list[Hop]:
    """The hops that all containers of a network share, and the rules for one of them."""
    up = is_up(routing, network)
    gateways = ", ".join(gateway for gateway in (network.gateway, network.gateway6) if gateway)
    hops = [Hop("bridge", network.bridge, f"gateway {gateways}", up)]
    for each in published if endpoint else ():
        where = f"{each.address or 'all addresses'} port {each.port}/{each.protocol}"
        assert endpoint is not None
        hops.append(Hop("rules", "", f"published: {where} to {endpoint.address} port {each.target}", up))
    if network.internal:
        return [*hops, Hop("rules", "", "internal: nothing passes to other networks or from them", up)]
    hops.append(Hop("rules", "", "masquerade: outside it bears the host's address", up))
    hops += [
        Hop("firewall", each.chain, f"{each.family} {each.table} drops it; as root: {each.advice}", False)
        for each in obstacles()
    ]
    out = _outside(routing)
    name, gateway = (out[0].name, out[1]) if out else ("", "")
    return [*hops, Hop("outside", name, f"by {gateway}" if gateway else "no default route", out is not None)]


def _outside(routing: Routing) -> tuple[Link, str] | None:
    for route in routing.routes(socket.AF_INET):
        if not route.destination and not route.prefix:
            for link in routing.links():
                if link.number == route.interface:
                    return link, route.gateway
    return None
