"""What there is to see of networks, by Docker's keys, and the way of a packet. Engine API, NetworkInspect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.containers.records import Record
from engine.containers.store import ContainerStore
from engine.errors import NotFound
from engine.network.models import ALWAYS_THERE, Endpoint, Network
from engine.network.wishes import Publish
from engine.runtime.state import State

if TYPE_CHECKING:
    from engine.network.path import Hop


_ADDRESSES = (
    "IPAddress", "IPPrefixLen", "Gateway", "IPv6Gateway", "GlobalIPv6Address", "GlobalIPv6PrefixLen",
    "MacAddress",
)  # fmt: skip

_NO_ADDRESSES = dict.fromkeys(_ADDRESSES, "") | {"IPPrefixLen": 0, "GlobalIPv6PrefixLen": 0}


class PacketPath(NamedTuple):
    """A container's place on one network, and the way that its packets take from there."""

    endpoint: Endpoint
    hops: tuple[Hop, ...]


def packet_paths(store: ContainerStore, name: str) -> tuple[PacketPath, ...]:
    """The ways of a container's packets, one for each network; none where it has the host's or no network.

    :raises NotFound: there is no container of that name.
    """
    from engine.linux.rtnetlink import Routing
    from engine.network.path import path_of

    record = store.records.find(name)
    endpoints = store.networks.endpoints(record.id)
    if not endpoints:
        return ()
    published = store.networks.published(record.id)

    def look() -> tuple[PacketPath, ...]:
        with Routing() as routing:
            return tuple(
                PacketPath(endpoint, tuple(path_of(routing, endpoint, published))) for endpoint in endpoints
            )

    return store.networks.within(look)


def inspect_network(store: ContainerStore, name: str) -> dict[str, Any]:
    """Everything about one network. :raises NotFound: there is none of that name."""
    networks = store.networks
    for always in ALWAYS_THERE:
        if name == always.name:
            return {**describe(always), "Containers": _on(store, name), "Path": []}
    if name == "bridge":
        networks.ensure_default()
    network = networks.get(name)
    return networks.within(lambda: _inspect(store, network))


def _on(store: ContainerStore, mode: str) -> dict[str, Any]:
    """Who runs with the host's network, or with none."""
    return {
        record.id: {"Name": record.name, "Running": True}
        for record in store.records.all()
        if record.config.network == mode and store.look(record).standing
    }


def _inspect(store: ContainerStore, network: Network) -> dict[str, Any]:
    from engine.linux.rtnetlink import Routing
    from engine.network.path import path_of, path_of_network

    networks = store.networks
    containers: dict[str, Any] = {}
    with Routing() as routing:
        for endpoint in networks.members(network):
            try:
                record = store.records.find(endpoint.container_id)
            except NotFound:
                continue  # removed since
            hops = path_of(routing, endpoint, networks.published(endpoint.container_id))
            containers[endpoint.container_id] = {
                "Name": record.name,
                "Running": store.look(record).standing,
                "Interface": endpoint.interface,
                "MacAddress": endpoint.mac,
                "IPv4Address": _with_prefix(endpoint.address, network.subnet),
                "IPv6Address": _with_prefix(endpoint.address6, network.subnet6),
                "Aliases": list(endpoint.aliases),
                "Path": [_hop(hop) for hop in hops],
            }
        path = [_hop(hop) for hop in path_of_network(routing, network)]
    return {**describe(network), "Containers": containers, "Path": path}


def describe(network: Network) -> dict[str, Any]:
    """One network without who is on it."""
    pools = [(network.subnet, network.gateway), (network.subnet6, network.gateway6)]
    return {
        "Name": network.name,
        "Id": network.id,
        "Created": datetime.fromtimestamp(network.created, UTC).isoformat(),
        "Scope": "local",
        "Driver": network.driver,
        "EnableIPv6": bool(network.subnet6),
        "IPAM": {
            "Driver": "default",
            "Options": {},
            "Config": [{"Subnet": subnet, "Gateway": gateway} for subnet, gateway in pools if subnet],
        },
        "Internal": network.internal,
        "Attachable": False,
        "Ingress": False,
        "Options": {},
        "Labels": dict(network.labels),
        "Bridge": network.bridge,
    }


def network_settings(store: ContainerStore, record: Record, state: State) -> dict[str, Any]:
    """What `inspect` says of a container's networks. Docker Engine API, NetworkSettings.

    The addresses are those on the first network, whichever that is; Docker's are those on its default one.
    """
    endpoints = store.networks.endpoints(record.id)
    ports: dict[str, Any] = {}
    for each in store.networks.published(record.id):
        places = ports.setdefault(f"{each.target}/{each.protocol}", [])
        places.append({"HostIp": each.address or "0.0.0.0", "HostPort": str(each.port)})  # noqa: S104
    pid = state.init.pid if state.status in ("running", "paused") else 0
    if endpoints and pid:
        ports |= {port: None for port in record.config.open_ports if port not in ports}
    first = _settings(endpoints[0]) if endpoints else _NO_ADDRESSES
    return {
        "SandboxKey": f"/proc/{pid}/ns/net" if pid else "",
        "Ports": ports,
        **{key: first[key] for key in _ADDRESSES},
        "Networks": {endpoint.network.name: _settings(endpoint) for endpoint in endpoints},
    }


def published_text(ports: Sequence[Publish], exposed: Sequence[str] = ()) -> str:
    """Ports in a table's cell, as Docker writes them. :param exposed: shown too where not published."""
    published = {f"{each.target}/{each.protocol}" for each in ports}
    return ", ".join(
        [port for port in exposed if port not in published]
        + [
            f"{f'[{each.address}]' if ':' in each.address else each.address or '0.0.0.0'}"  # noqa: S104
            f":{each.port}->{each.target}/{each.protocol}"
            for each in ports
        ]
    )


def _settings(endpoint: Endpoint) -> dict[str, Any]:
    network = endpoint.network
    return {
        "NetworkID": network.id,
        "Gateway": network.gateway,
        "IPAddress": endpoint.address,
        "IPPrefixLen": int(network.subnet.partition("/")[2]),
        "IPv6Gateway": network.gateway6,
        "GlobalIPv6Address": endpoint.address6,
        "GlobalIPv6PrefixLen": int(network.subnet6.partition("/")[2] or 0),
        "MacAddress": endpoint.mac,
        "Aliases": list(endpoint.aliases),
    }


def _with_prefix(address: str, subnet: str) -> str:
    return f"{address}/{subnet.partition('/')[2]}" if address else ""


def _hop(hop: Any) -> dict[str, Any]:
    return {"Kind": hop.kind, "Name": hop.name, "Detail": hop.detail, "Up": hop.up}
