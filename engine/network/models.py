"""What is known of networks: plain values. Addresses are texts, an empty one stands for none.

Named tuples, because every start loads them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

DEFAULT_NETWORK = "bridge"
DEFAULT_BRIDGE = "lamina0"


class NetworkOptions(NamedTuple):
    """How to make a network; what is left empty is chosen.

    :param subnet: such as "10.1.0.0/24"; always IPv4. :param ipv6: have an IPv6 subnet beside it.
    :param internal: no way to the outside, and none from there.
    """

    name: str
    subnet: str = ""
    gateway: str = ""
    ipv6: bool = False
    subnet6: str = ""
    gateway6: str = ""
    internal: bool = False
    labels: Mapping[str, str] = MappingProxyType({})


class Network(NamedTuple):
    """One network.

    :param created: seconds since the epoch. :param bridge: the interface on the host.
    """

    id: str
    name: str
    created: float
    bridge: str
    subnet: str
    gateway: str
    subnet6: str
    gateway6: str
    internal: bool
    labels: Mapping[str, str]

    @property
    def is_default(self) -> bool:
        """The one that containers are on when nothing else is said; it has no names and cannot be removed."""
        return self.name == DEFAULT_NETWORK

    @property
    def driver(self) -> str:
        """Docker's word for what makes it: "bridge", or for those that are always there "host" and "null"."""
        return "bridge" if self.bridge else _DRIVERS[self.name]


_DRIVERS = {"host": "host", "none": "null"}
# Docker lists these as networks. They have no row, and no id but their name.
ALWAYS_THERE = tuple(Network(name, name, 0.0, "", "", "", "", "", False, {}) for name in _DRIVERS)


class Endpoint(NamedTuple):
    """A container on a network, with the addresses leased to it.

    :param position: 0 is the interface eth0. :param address6: "" on a network without IPv6.
    """

    container_id: str
    network: Network
    position: int
    address: str
    address6: str
    mac: str
    aliases: tuple[str, ...]

    @property
    def interface(self) -> str:
        """Its name inside the container."""
        return f"eth{self.position}"

    @property
    def host_interface(self) -> str:
        """The name of the other end, on the host."""
        return f"lv{self.container_id[:8]}{self.network.id[:4]}"


class Sandbox(NamedTuple):
    """What a start needs of a container's network.

    :param namespace: a descriptor of its network namespace, with all interfaces up.
    :param held: descriptors that keep published ports from others for as long as somebody has them open.
    :param release: messages of netlink(7), family netfilter, that undo the published ports.
    """

    namespace: int
    held: tuple[int, ...]
    release: tuple[bytes, ...]
