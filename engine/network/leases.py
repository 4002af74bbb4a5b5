"""Who gets which address: a container's endpoints, made with the container and gone with it."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from engine.errors import AlreadyExists, Conflict, InvalidArgument
from engine.network import pools, records
from engine.network.models import Endpoint, Network
from engine.network.wishes import Attachment

if TYPE_CHECKING:
    import sqlite3


def enroll(db: sqlite3.Connection, container_id: str, attachment: Attachment) -> Endpoint:
    """Put a container on a network and lease its addresses.

    :raises NotFound: there is no such network. :raises AlreadyExists: it is there, or its address is taken.
    :raises InvalidArgument: an address or a name cannot be had there. :raises Conflict: no address is left.
    """
    network = records.find_network(db, attachment.network)
    _check(network, attachment)
    mine = records.endpoints_of(db, container_id)
    if any(endpoint.network.id == network.id for endpoint in mine):
        raise AlreadyExists(f"the container is on the network {network.name} already")
    taken = records.taken_addresses(db, network)
    address = attachment.address or pools.free_address(network.subnet, network.gateway, taken, network.name)
    address6 = attachment.address6
    if network.subnet6 and not address6:
        address6 = pools.twin_address(network.subnet, address, network.subnet6)
        if not address6 or address6 in taken or address6 == network.gateway6:
            address6 = pools.free_address(network.subnet6, network.gateway6, taken, network.name)
    for chosen in (address, address6):
        if chosen in taken or (chosen and chosen in (network.gateway, network.gateway6)):
            raise AlreadyExists(f"the address {chosen} is taken on the network {network.name}")
    used = {endpoint.position for endpoint in mine}
    endpoint = Endpoint(
        container_id,
        network,
        next(position for position in range(len(used) + 1) if position not in used),
        address,
        address6,
        attachment.mac or pools.mac_of(address),
        attachment.aliases,
    )
    records.add_endpoint(db, endpoint)
    return endpoint


def dismiss(db: sqlite3.Connection, container_id: str, network: Network) -> Endpoint:
    """Take a container off a network; gives the endpoint it had. :raises Conflict: it is not on it."""
    for endpoint in records.endpoints_of(db, container_id):
        if endpoint.network.id == network.id:
            records.remove_endpoint(db, endpoint)
            return endpoint
    raise Conflict(f"the container is not on the network {network.name}")


def lease_anew(db: sqlite3.Connection, network: Network) -> None:
    """Lease other addresses to all containers of a network whose subnet is another now."""
    members = records.endpoints_on(db, network.id)
    for endpoint in members:
        records.remove_endpoint(db, endpoint)
    for endpoint in members:
        taken = records.taken_addresses(db, network)
        address = pools.free_address(network.subnet, network.gateway, taken, network.name)
        records.add_endpoint(db, endpoint._replace(address=address, mac=pools.mac_of(address)))


def _check(network: Network, asked: Attachment) -> None:
    if asked.aliases and network.is_default:
        raise InvalidArgument(
            "the default network finds nobody by name, so --network-alias means nothing there",
            hint="make one: lamina network create NAME",
        )
    if asked.address:
        pools.parse_address("--ip", asked.address, ip_network(network.subnet))
    if asked.address6:
        if not network.subnet6:
            raise InvalidArgument(
                f"--ip6: the network {network.name} has no IPv6", hint="make one with --ipv6"
            )
        pools.parse_address("--ip6", asked.address6, ip_network(network.subnet6))
