"""Networks as list rows: each with the containers that are on it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.containers.store import ContainerStore
from engine.errors import NotFound
from engine.network.models import Network


@dataclass(frozen=True, slots=True)
class Member:
    """A container on a network; :param address: leased to it, whether it runs or not."""

    container_id: str
    name: str
    address: str
    address6: str
    interface: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NetworkRow:
    """A network and who is on it."""

    network: Network
    members: tuple[Member, ...]


def network_rows(store: ContainerStore) -> list[NetworkRow]:
    """Every network by name; the default one from its first use on."""
    found = store.networks.all()
    return [NetworkRow(network, tuple(_members(store, network))) for network in found]


def _members(store: ContainerStore, network: Network) -> list[Member]:
    members = []
    for endpoint in store.networks.members(network):
        try:
            name = store.records.find(endpoint.container_id).name
        except NotFound:
            continue  # removed since
        members.append(
            Member(
                endpoint.container_id, name, endpoint.address, endpoint.address6, endpoint.interface,
                endpoint.aliases,
            )
        )  # fmt: skip
    return sorted(members, key=lambda member: member.name)
