"""Interfaces, addresses and routes by rtnetlink(7): the messages a container's network is made of.

Numbers are from include/uapi/linux/{rtnetlink,if_link,if_addr,veth}.h.
"""

import _socket as socket  # `socket` itself, with its enumerations, would be felt by every start
import errno
import struct
from typing import NamedTuple

from engine.linux.netlink import CREATE, DUMP, EXCLUSIVE, REPLACE, Netlink, attribute, attributes, nested

_NETLINK_ROUTE, _GROUP_LINK = 0, 1
_NEWLINK, _DELLINK, _GETLINK, _NEWADDR, _DELADDR, _NEWROUTE, _DELROUTE, _GETROUTE = (
    16,
    17,
    18,
    20,
    21,
    24,
    25,
    26,
)
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_MASTER, _IFLA_LINKINFO, _IFLA_IFALIAS = 1, 3, 4, 10, 18, 20
_IFLA_INFO_SLAVE_KIND, _IFLA_INFO_SLAVE_DATA, _IFLA_BRPORT_MODE = 4, 5, 4
_IFLA_NET_NS_FD, _IFLA_INFO_KIND, _IFLA_INFO_DATA, _VETH_INFO_PEER = 28, 1, 2, 1
_IFA_ADDRESS, _IFA_LOCAL, _IFA_FLAGS, _IFA_F_NODAD = 1, 2, 8, 0x02
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_TABLE = 1, 4, 5, 15
_TABLE_MAIN, _PROTOCOL_STATIC, _SCOPE_UNIVERSE, _UNICAST = 254, 4, 0, 1
_LOCAL, _SCOPE_HOST = 2, 254
_NEWRULE, _FRA_PRIORITY, _FRA_FWMARK, _FRA_TABLE, _TO_TABLE, _BEFORE_MAIN = 32, 6, 10, 15, 1, 100
_UP = 1
_LINK = struct.Struct("=BxHiII")  # struct ifinfomsg
_ADDRESS = struct.Struct("=BBBBI")  # struct ifaddrmsg
_ROUTE = struct.Struct("=BBBBBBBBI")  # struct rtmsg
LONGEST_NAME = 15  # IFNAMSIZ less its zero byte


class Link(NamedTuple):
    """One interface.

    :param master: number of the bridge that it is a port of, or 0. :param alias: a note somebody left on it.
    """

    number: int
    name: str
    master: int
    alias: str
    up: bool
    mac: str


class Route(NamedTuple):
    """One route of the main table; `destination` is "" for the default one, `gateway` "" without one."""

    destination: str
    prefix: int
    gateway: str
    interface: int


class Routing(Netlink):
    """A socket to the routing part of the namespace that it is made in.

    :param watch: be readable when an interface comes, goes or changes.
    """

    def __init__(self, watch: bool = False) -> None:
        super().__init__(_NETLINK_ROUTE, _GROUP_LINK if watch else 0)

    # interfaces

    def link(self, name: str) -> Link | None:
        """The interface of a name; None where there is none."""
        body = _LINK.pack(0, 0, 0, 0, 0) + attribute(_IFLA_IFNAME, name)
        try:
            found = self.ask(_GETLINK, 0, body, f"interface {name}")
        except OSError as error:
            if error.errno == errno.ENODEV:
                return None
            raise
        return _link(found[0].body)

    def links(self) -> list[Link]:
        """All interfaces."""
        found = self.ask(_GETLINK, DUMP, _LINK.pack(0, 0, 0, 0, 0), "interfaces")
        return [_link(each.body) for each in found if each.kind == _NEWLINK]

    def add_bridge(self, name: str, mac: str, alias: str) -> None:
        """Make a bridge. :raises FileExistsError: the name is taken."""
        body = _LINK.pack(0, 0, 0, 0, 0) + b"".join(
            (
                attribute(_IFLA_IFNAME, name),
                attribute(_IFLA_ADDRESS, _mac(mac)),
                nested(_IFLA_LINKINFO, attribute(_IFLA_INFO_KIND, "bridge")),
            )
        )
        self.ask(_NEWLINK, CREATE | EXCLUSIVE, body, f"bridge {name}")
        self.set_alias(name, alias)

    def set_alias(self, name: str, alias: str) -> None:
        """Leave a note on an interface."""
        body = _LINK.pack(0, 0, 0, 0, 0)
        body += attribute(_IFLA_IFNAME, name) + attribute(_IFLA_IFALIAS, alias)
        self.ask(_NEWLINK, 0, body, f"note on {name}")

    def set_up(self, index: int) -> None:
        """Switch an interface on."""
        self.ask(_NEWLINK, 0, _LINK.pack(0, 0, index, _UP, _UP), f"interface {index} up")

    def add_veth(
        self, name: str, bridge: int, namespace: int, inner: str, inner_index: int, mac: str
    ) -> None:
        """Make a pair of interfaces: one, which is up, a port of a bridge here, the other in a namespace.

        :param bridge: its number. :param namespace: a descriptor.
        :param inner_index: the number that the other one gets; 0 leaves it to the kernel.
        :raises FileExistsError: a name is taken.
        """
        # Not up: it would be opened before its other end is there, which the kernel refuses.
        peer = _LINK.pack(0, 0, inner_index, 0, 0) + b"".join(
            (
                attribute(_IFLA_IFNAME, inner),
                attribute(_IFLA_ADDRESS, _mac(mac)),
                attribute(_IFLA_NET_NS_FD, namespace),
            )
        )
        kind = (
            attribute(_IFLA_INFO_KIND, "veth"),
            nested(_IFLA_INFO_DATA, attribute(_VETH_INFO_PEER, peer)),
        )
        body = _LINK.pack(0, 0, 0, _UP, _UP) + b"".join(
            (
                attribute(_IFLA_IFNAME, name),
                attribute(_IFLA_MASTER, bridge),
                nested(_IFLA_LINKINFO, *kind),
            )
        )
        self.ask(_NEWLINK, CREATE | EXCLUSIVE, body, f"veth {name}")

    def reflect(self, name: str) -> None:
        """Let a bridge send back by a port what came by it: a container's way to its own published port."""
        data = nested(_IFLA_INFO_SLAVE_DATA, attribute(_IFLA_BRPORT_MODE, b"\1"))
        kind = nested(_IFLA_LINKINFO, attribute(_IFLA_INFO_SLAVE_KIND, "bridge"), data)
        body = _LINK.pack(0, 0, 0, 0, 0) + attribute(_IFLA_IFNAME, name) + kind
        self.ask(_NEWLINK, 0, body, f"port {name}")

    def delete(self, name: str) -> bool:
        """Delete an interface; False when there is none of that name."""
        body = _LINK.pack(0, 0, 0, 0, 0) + attribute(_IFLA_IFNAME, name)
        try:
            self.ask(_DELLINK, 0, body, f"interface {name}")
        except OSError as error:
            if error.errno == errno.ENODEV:
                return False
            raise
        return True

    # addresses and routes

    def add_address(self, index: int, address: str, prefix: int) -> None:
        """Give an interface an address, at once usable; it may have it already."""
        family, packed = _packed(address)
        flags = _IFA_F_NODAD if family == socket.AF_INET6 else 0  # nobody else can have it: it is leased
        body = _ADDRESS.pack(family, prefix, flags, _SCOPE_UNIVERSE, index)
        body += attribute(_IFA_LOCAL, packed) + attribute(_IFA_ADDRESS, packed)
        self.ask(_NEWADDR, CREATE | REPLACE, body, f"address {address}/{prefix}")

    def set_default_route(self, gateway: str, index: int) -> None:
        """Send what has no route of its own to a gateway."""
        family, packed = _packed(gateway)
        body = _route(family) + attribute(_RTA_GATEWAY, packed) + attribute(_RTA_OIF, index)
        self.ask(_NEWROUTE, CREATE | REPLACE, body, f"default route by {gateway}")

    def deliver_marked(self, family: int, mark: int, table: int, index: int) -> None:
        """Have packets of a mark taken for this host's own, whatever their address; ip-rule(8), ip-route(8).

        :param table: of routes, for nothing else. :param index: the loopback interface.
        :raises FileExistsError: that is so already.
        """
        body = _ROUTE.pack(family, 0, 0, 0, 0, _PROTOCOL_STATIC, _SCOPE_HOST, _LOCAL, 0)
        body += attribute(_RTA_TABLE, table) + attribute(_RTA_OIF, index)
        self.ask(_NEWROUTE, CREATE | REPLACE, body, f"local route of table {table}")
        rule = _ROUTE.pack(family, 0, 0, 0, 0, 0, 0, _TO_TABLE, 0)  # struct fib_rule_hdr, of the same form
        rule += attribute(_FRA_FWMARK, mark) + attribute(_FRA_TABLE, table)
        rule += attribute(_FRA_PRIORITY, _BEFORE_MAIN)
        self.ask(_NEWRULE, CREATE | EXCLUSIVE, rule, f"rule for mark {mark}")

    def routes(self, family: int) -> list[Route]:
        """Routes of the main table. :param family: AF_INET or AF_INET6."""
        found = self.ask(_GETROUTE, DUMP, _ROUTE.pack(family, 0, 0, 0, 0, 0, 0, 0, 0), "routes")
        routes = []
        for each in found:
            _, prefix, _, _, _, _, _, kind, _ = _ROUTE.unpack_from(each.body)
            fields = attributes(each.body[_ROUTE.size :])
            (table,) = struct.unpack("=I", fields.get(_RTA_TABLE, b"\0" * 4))
            if each.kind == _NEWROUTE and table == _TABLE_MAIN and kind == _UNICAST:
                (interface,) = struct.unpack("=I", fields.get(_RTA_OIF, b"\0" * 4))
                destination = _text(family, fields.get(_RTA_DST))
                routes.append(Route(destination, prefix, _text(family, fields.get(_RTA_GATEWAY)), interface))
        return routes


def _route(family: int) -> bytes:
    return _ROUTE.pack(family, 0, 0, 0, _TABLE_MAIN, _PROTOCOL_STATIC, _SCOPE_UNIVERSE, _UNICAST, 0)


def _link(body: bytes) -> Link:
    _, _, index, flags, _ = _LINK.unpack_from(body)
    fields = attributes(body[_LINK.size :])
    (master,) = struct.unpack("=I", fields.get(_IFLA_MASTER, b"\0" * 4))
    return Link(
        index,
        _string(fields.get(_IFLA_IFNAME)),
        master,
        _string(fields.get(_IFLA_IFALIAS)),
        bool(flags & _UP),
        ":".join(f"{byte:02x}" for byte in fields.get(_IFLA_ADDRESS, b"")),
    )


def _string(data: bytes | None) -> str:
    return (data or b"").rstrip(b"\0").decode("utf-8", "replace")


def _packed(address: str) -> tuple[int, bytes]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return family, socket.inet_pton(family, address)


def _text(family: int, data: bytes | None) -> str:
    return socket.inet_ntop(family, data) if data else ""


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))
