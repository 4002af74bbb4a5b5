"""Which subnets and addresses may be used: pure functions over addresses."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from engine.errors import Conflict, InvalidArgument
from engine.network.models import Network

# Away from those of Docker (172.16/12, 192.168/16) and Podman (10.88/16, 10.89/16).
_POOLS = ((IPv4Network("10.204.0.0/14"), 20), (IPv4Network("10.212.0.0/14"), 24))
_NARROWEST, _NARROWEST6 = 30, 126

AnyNetwork = IPv4Network | IPv6Network
AnyAddress = IPv4Address | IPv6Address


def free_subnet(taken: Collection[AnyNetwork]) -> IPv4Network:
    """The first subnet of our pools that overlaps none that is taken.

    :raises Conflict: all are.
    """
    for pool, prefix in _POOLS:
        for candidate in pool.subnets(new_prefix=prefix):
            if not any(candidate.overlaps(other) for other in taken if other.version == 4):
                return candidate
    raise Conflict("no subnet is free for another network", hint="remove some: lamina network prune")


def random_subnet6() -> IPv6Network:
    """A subnet that is in all likelihood nobody else's. RFC 4193, 3.2"""
    return IPv6Network((b"\xfd" + os.urandom(5) + b"\0" * 10, 64))


def parse_subnet(option: str, text: str, version: int) -> AnyNetwork:
    """A subnet that somebody gave.

    :raises InvalidArgument: it is none, has bits set beyond its prefix, or leaves no room.
    """
    try:
        found = ip_network(text)
    except ValueError as error:
        raise InvalidArgument(f"{option}: {error}", hint="for example 10.1.0.0/24") from error
    narrowest = _NARROWEST if version == 4 else _NARROWEST6
    if found.version != version or not 8 <= found.prefixlen <= narrowest or "/" not in text:
        raise InvalidArgument(f"{option}: {text!r} is no IPv{version} subnet of /8 to /{narrowest}")
    if found.is_loopback or found.is_multicast or found.is_link_local:
        raise InvalidArgument(f"{option}: {text} is not for containers")
    return found


def gateway_of(option: str, text: str, subnet: AnyNetwork) -> AnyAddress:
    """The address given, or the subnet's first. :raises InvalidArgument: it cannot be in this subnet."""
    if not text:
        return subnet[1]
    return parse_address(option, text, subnet)


def parse_address(option: str, text: str, subnet: AnyNetwork) -> AnyAddress:
    """An address that somebody gave. :raises InvalidArgument: it is none of this subnet's hosts."""
    try:
        found = ip_address(text)
    except ValueError as error:
        raise InvalidArgument(f"{option}: {text!r} is no address") from error
    if found not in subnet or found in (subnet[0], subnet[-1]):
        raise InvalidArgument(f"{option}: {text} is no host's address in {subnet}")
    return found


def free_address(subnet_text: str, gateway: str, taken: Collection[str], name: str) -> str:
    """The first address of a subnet that nobody has. :raises Conflict: all are taken."""
    for candidate in _hosts(ip_network(subnet_text)):
        if candidate != gateway and candidate not in taken:
            return candidate
    raise Conflict(
        f"the network {name} has no free address in {subnet_text}",
        hint="remove containers that are not needed, or make a network with a larger --subnet",
    )


def twin_address(subnet: str, address: str, subnet6: str) -> str:
    """The IPv6 address at the place that an IPv4 one has in its own subnet; "" where there is none.

    So it goes with the hardware address, as that follows from the IPv4 one: neighbours that remember an
    address of a container that is gone would else send to the wrong one for seconds.
    """
    place = int(IPv4Address(address)) - int(IPv4Network(subnet)[0])
    wide = IPv6Network(subnet6)
    return str(wide[place]) if 0 < place < wide.num_addresses - 1 else ""


def _hosts(subnet: AnyNetwork) -> Iterator[str]:
    first, last = int(subnet[0]) + 1, int(subnet[-1]) - 1
    kind = IPv4Address if subnet.version == 4 else IPv6Address
    return (str(kind(number)) for number in range(first, last + 1))


def mac_of(address: str) -> str:
    """A hardware address that follows from an IPv4 address, so that who kept one in mind is never wrong."""
    return "02:42:" + ":".join(f"{byte:02x}" for byte in IPv4Address(address).packed)


def check_mac(text: str) -> str:
    """A hardware address that somebody gave. :raises InvalidArgument: no interface can have it."""
    parts = text.lower().replace("-", ":").split(":")
    try:
        packed = bytes(int(part, 16) for part in parts if len(part) == 2)
    except ValueError:
        packed = b""
    if len(packed) != 6 or len(parts) != 6 or packed[0] & 1 or not any(packed):
        raise InvalidArgument(f"--mac-address: {text!r} is none", hint="for example 02:42:ac:11:00:02")
    return ":".join(parts)


def overlapping(subnet: AnyNetwork, networks: Iterable[Network]) -> Network | None:
    """The network that a subnet overlaps; None where it overlaps none."""
    for network in networks:
        for text in (network.subnet, network.subnet6):
            other = ip_network(text) if text else None
            if other and other.version == subnet.version and _overlap(subnet, other):
                return network
    return None


def _overlap(one: AnyNetwork, other: AnyNetwork) -> bool:
    return one.supernet_of(other) or other.supernet_of(one)  # type: ignore[arg-type]  # of one version
