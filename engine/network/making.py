"""A new network: its name, id, bridge and subnets."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence

from engine.errors import Conflict, InvalidArgument
from engine.network import pools
from engine.network.bridges import bridge_name
from engine.network.models import Network, NetworkOptions
from engine.network.pools import AnyNetwork

_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"
_OURS = ("none", "host", "bridge", "default")


def check_name(name: str) -> None:
    """:raises InvalidArgument: no network can be called so."""
    if not re.fullmatch(_NAME, name, re.ASCII):
        raise InvalidArgument(
            f"{name!r} cannot name a network", hint="letters, digits, '_', '.', '-', 63 at most"
        )
    if name in _OURS:
        raise InvalidArgument(f"{name!r} is a network that is always there", hint="choose another name")


def draft(options: NetworkOptions, known: Sequence[Network], routed: Sequence[AnyNetwork]) -> Network:
    """A network as asked for, with what was left open chosen.

    :param known: networks of this store. :param routed: subnets that the host has routes to.
    :raises InvalidArgument: an option cannot be meant. :raises Conflict: a subnet is taken.
    """
    taken = [*routed, *(pools.parse_subnet("subnet", network.subnet, 4) for network in known)]
    if options.subnet:
        subnet = pools.parse_subnet("--subnet", options.subnet, 4)
        _check_free(subnet, known, routed)
    else:
        subnet = pools.free_subnet(taken)
    gateway = pools.gateway_of("--gateway", options.gateway, subnet)
    subnet6 = gateway6 = ""
    if options.ipv6 or options.subnet6:
        wide = (
            pools.parse_subnet("--subnet", options.subnet6, 6) if options.subnet6 else pools.random_subnet6()
        )
        _check_free(wide, known, routed)
        subnet6 = str(wide)
        gateway6 = str(pools.gateway_of("--gateway", options.gateway6, wide))
    elif options.gateway6:
        raise InvalidArgument("--gateway: an IPv6 gateway wants --ipv6")
    network_id = os.urandom(32).hex()
    return Network(
        network_id,
        options.name,
        time.time(),
        bridge_name(network_id),
        str(subnet),
        str(gateway),
        subnet6,
        gateway6,
        options.internal,
        dict(options.labels),
    )


def _check_free(subnet: AnyNetwork, known: Sequence[Network], routed: Sequence[AnyNetwork]) -> None:
    other = pools.overlapping(subnet, known)
    if other is not None:
        raise Conflict(
            f"the subnet {subnet} overlaps that of the network {other.name}",
            hint="choose another with --subnet, or leave it out",
        )
    for route in routed:
        if route.version == subnet.version and subnet.overlaps(route):
            raise Conflict(
                f"the subnet {subnet} overlaps {route}, which the host has a route to",
                hint="choose another with --subnet, or leave it out",
            )
