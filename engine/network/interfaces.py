"""A container's interfaces: one end a port of a network's bridge, the other in the container's namespace."""

from __future__ import annotations

from collections.abc import Sequence

from engine.linux.netns import inside
from engine.linux.rtnetlink import Routing
from engine.network.bridges import set_ipv6
from engine.network.models import Endpoint

_LOOPBACK = 1  # the number that the kernel gives it in every namespace


def plug(routing: Routing, endpoint: Endpoint, bridge: int, namespace: int) -> None:
    """Lay the cable from a bridge into a namespace.

    :param bridge: the interface's number. :param namespace: a descriptor.
    """
    pair = (endpoint.host_interface, bridge, namespace, endpoint.interface, 0, endpoint.mac)
    try:
        routing.add_veth(*pair)
    except FileExistsError:
        # Of an earlier start, whose namespace the kernel has not come round to end.
        routing.delete(endpoint.host_interface)
        routing.add_veth(*pair)
    routing.reflect(endpoint.host_interface)


def configure(endpoints: Sequence[Endpoint], namespace: int, everyone: Sequence[Endpoint] = ()) -> None:
    """Give interfaces in a namespace their addresses, switch them on, and say where outside is.

    :param everyone: all endpoints of the container, where `endpoints` are only those that are new.
    """
    with inside(namespace), Routing() as routing:
        routing.set_up(_LOOPBACK)
        for endpoint in endpoints:
            link = routing.link(endpoint.interface)
            assert link is not None, endpoint
            set_ipv6(endpoint.interface, bool(endpoint.address6))
            routing.set_up(link.number)
            network = endpoint.network
            routing.add_address(link.number, endpoint.address, _prefix(network.subnet))
            if endpoint.address6:
                routing.add_address(link.number, endpoint.address6, _prefix(network.subnet6))
        _set_routes(routing, everyone or endpoints)


def set_routes(endpoints: Sequence[Endpoint], namespace: int) -> None:
    """Say anew where outside is, when an endpoint came or went."""
    with inside(namespace), Routing() as routing:
        _set_routes(routing, endpoints)


def way_out(endpoints: Sequence[Endpoint]) -> Endpoint | None:
    """The endpoint that leads outside: the first whose network is not internal."""
    return next((endpoint for endpoint in endpoints if not endpoint.network.internal), None)


def _set_routes(routing: Routing, endpoints: Sequence[Endpoint]) -> None:
    out = way_out(endpoints)
    if out is None:
        return
    _route(routing, out, out.network.gateway)
    for endpoint in endpoints:
        if endpoint.address6 and not endpoint.network.internal:
            _route(routing, endpoint, endpoint.network.gateway6)
            return


def _route(routing: Routing, endpoint: Endpoint, gateway: str) -> None:
    link = routing.link(endpoint.interface)
    if link is not None:
        routing.set_default_route(gateway, link.number)


def _prefix(subnet: str) -> int:
    return int(subnet.partition("/")[2])
