"""A network's bridge on the host: made when it is first used, put right at every start."""

from __future__ import annotations

import _socket as socket  # `socket` itself, with its enumerations, would be felt by every start
import contextlib
import os
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

from engine.errors import Conflict, NotSupported
from engine.linux.rtnetlink import Link, Routing
from engine.network.models import DEFAULT_BRIDGE, Network
from engine.network.pools import AnyNetwork, mac_of

_SETTINGS = "/proc/sys/net"
_NOTE, _STORE = "lamina network ", " of "
_LONGEST_NOTE = 255  # IFALIASZ less its zero byte


def bridge_name(network_id: str) -> str:
    """The interface of a network that is not the host's first default one."""
    return f"lamina-{network_id[:8]}"


def is_ours(link: Link) -> bool:
    """Whether an interface is a bridge of some store."""
    return link.alias.startswith(_NOTE)


def owner_of(link: Link) -> tuple[str, str]:
    """The network that a bridge is of, and its store's directory, "" where that was too long to be noted."""
    network_id, _, root = link.alias.removeprefix(_NOTE).partition(_STORE)
    return network_id, root


def _is_of(link: Link, network: Network) -> bool:
    return is_ours(link) and owner_of(link)[0] == network.id


def _note(network: Network, root: Path) -> str:
    """What is noted on a bridge, so that nobody takes another store's for his own."""
    note = f"{_NOTE}{network.id}"
    place = f"{note}{_STORE}{root}"
    return place if len(os.fsencode(place)) <= _LONGEST_NOTE and str(root).isprintable() else note


def default_bridge(routing: Routing, network_id: str) -> str:
    """The name for a store's default bridge: the well-known one, unless another store has it."""
    return bridge_name(network_id) if routing.link(DEFAULT_BRIDGE) else DEFAULT_BRIDGE


def is_up(routing: Routing, network: Network) -> bool:
    """Whether its bridge is there, and its own."""
    link = routing.link(network.bridge)
    return link is not None and _is_of(link, network)


def bring_up(routing: Routing, network: Network, root: Path) -> int:
    """Have a network's bridge there, with its addresses; the interface's number.

    :param root: the store's directory.
    :raises Conflict: another interface has its name, or a route of the host lies in its subnet.
    """
    link = routing.link(network.bridge)
    if link is None:
        for subnet in (network.subnet, network.subnet6):
            if subnet:
                _check_routes(routing, network, ip_network(subnet))
        routing.add_bridge(network.bridge, mac_of(network.gateway), _note(network, root))
        # The host's 127.0.0.1 reaches published ports by way of the bridge; what comes from
        # containers for 127.0.0.1 is refused by the table's first rule.
        _write(f"ipv4/conf/{network.bridge}/route_localnet", "1")
        link = routing.link(network.bridge)
        assert link is not None
    elif not _is_of(link, network):
        raise Conflict(
            f"the host has an interface {network.bridge} already, which is not of this store",
            hint=f"remove it, if nobody needs it: ip link delete {network.bridge}",
        )
    routing.set_up(link.number)
    _address(routing, link.number, network.gateway, network.subnet)
    _write("ipv4/ip_forward", "1")
    if network.subnet6:
        _forward_ipv6()
        _address(routing, link.number, network.gateway6, network.subnet6)
    return link.number


def routed_subnets(routing: Routing) -> list[AnyNetwork]:
    """Subnets that the host has routes to."""
    families = (socket.AF_INET, socket.AF_INET6)
    return [
        ip_network(f"{route.destination}/{route.prefix}", strict=False)
        for family in families
        for route in routing.routes(family)
        if route.destination
    ]


def has_ipv6() -> bool:
    """Whether the kernel has IPv6 and it is not switched off."""
    try:
        with open(f"{_SETTINGS}/ipv6/conf/all/disable_ipv6") as file:
            return file.read().strip() == "0"
    except OSError:
        return False


def set_ipv6(interface: str, wanted: bool) -> None:
    """Let an interface of this namespace have IPv6 addresses, or not even make one up."""
    with contextlib.suppress(FileNotFoundError):  # a kernel without IPv6
        _write(f"ipv6/conf/{interface}/disable_ipv6", "0" if wanted else "1")


def _address(routing: Routing, number: int, gateway: str, subnet: str) -> None:
    routing.add_address(number, gateway, int(subnet.partition("/")[2]))


def _check_routes(routing: Routing, network: Network, subnet: AnyNetwork) -> None:
    for other in routed_subnets(routing):
        if other.version == subnet.version and subnet.overlaps(other):
            raise Conflict(
                f"the network {network.name} has the subnet {subnet}, and the host a route to {other}",
                hint="remove the network and make it with another --subnet",
            )


def _forward_ipv6() -> None:
    """Pass IPv6 packets on. A host that does so no longer listens to routers unless that is said twice."""
    if not has_ipv6():
        raise NotSupported("the host has no IPv6", hint="make the network without --ipv6")
    with open(f"{_SETTINGS}/ipv6/conf/all/forwarding") as file:
        if file.read().strip() == "1":
            return
    for interface in _listening():
        _write(f"ipv6/conf/{interface}/accept_ra", "2")
    _write("ipv6/conf/all/forwarding", "1")


def _listening() -> Iterator[str]:
    """Interfaces that take routes from routers for as long as the host is none (ip-sysctl, accept_ra)."""
    for name in os.listdir(f"{_SETTINGS}/ipv6/conf"):
        with open(f"{_SETTINGS}/ipv6/conf/{name}/accept_ra") as file:
            if name not in ("all", "lo") and file.read().strip() == "1":
                yield name


def _write(setting: str, value: str) -> None:
    with open(f"{_SETTINGS}/{setting}", "r+") as file:
        if file.read().strip() != value:
            file.seek(0)
            file.write(value)
