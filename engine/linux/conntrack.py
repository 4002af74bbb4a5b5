"""Flows that the kernel keeps track of: those to a port that now leads elsewhere are forgotten.

A datagram of a flow that is known goes where the flow's first one went, whatever the rules say since; and
a client that keeps its port keeps the flow alive. Numbers are from
include/uapi/linux/netfilter/nfnetlink_conntrack.h.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Collection
from typing import NamedTuple

from engine.linux.netlink import DUMP, Netlink, attribute, attributes, nested

_NETLINK_NETFILTER, _SUBSYSTEM = 12, 1  # NFNL_SUBSYS_CTNETLINK
_NEW, _GET, _DELETE = (_SUBSYSTEM << 8 | number for number in range(3))
_TUPLE_ORIGINAL, _ID, _ZONE = 1, 12, 18
_TUPLE_IP, _TUPLE_PROTOCOL = 1, 2
_DESTINATIONS = (2, 4)  # CTA_IP_V4_DST, CTA_IP_V6_DST
_PROTOCOL_NUMBER, _DESTINATION_PORT = 1, 3
_HEADER = struct.Struct("=BxH")  # struct nfgenmsg


class Port(NamedTuple):
    """A port of this host that datagrams are sent to; `address` is "" for all."""

    address: str
    number: int


def forget_datagrams(ports: Collection[Port]) -> int:
    """Forget the UDP flows to ports of this namespace; how many there were.

    A kernel that does not tell of flows keeps them: 0.
    """
    if not ports:
        return 0
    forgotten = 0
    wanted = {(port.number, _packed(port.address)) for port in ports}
    with contextlib.suppress(OSError), Netlink(_NETLINK_NETFILTER) as kernel:
        for family in (socket.AF_INET, socket.AF_INET6):
            for found in kernel.ask(_GET, DUMP, _HEADER.pack(family, 0), "flows"):
                parts = attributes(found.body[_HEADER.size :])
                if found.kind != _NEW or not _leads_to(parts, wanted):
                    continue
                body = nested(_TUPLE_ORIGINAL, parts[_TUPLE_ORIGINAL])
                body += b"".join(attribute(kind, parts[kind]) for kind in (_ID, _ZONE) if kind in parts)
                with contextlib.suppress(FileNotFoundError):  # it ended meanwhile
                    kernel.ask(_DELETE, 0, _HEADER.pack(family, 0) + body, "flow")
                    forgotten += 1
    return forgotten


def _leads_to(parts: dict[int, bytes], wanted: Collection[tuple[int, bytes]]) -> bool:
    flow = attributes(parts.get(_TUPLE_ORIGINAL, b""))
    protocol = attributes(flow.get(_TUPLE_PROTOCOL, b""))
    if protocol.get(_PROTOCOL_NUMBER) != bytes([socket.IPPROTO_UDP]):
        return False
    port = int.from_bytes(protocol.get(_DESTINATION_PORT, b""), "big")
    places = attributes(flow.get(_TUPLE_IP, b""))
    address = next((places[kind] for kind in _DESTINATIONS if kind in places), b"")
    return (port, b"") in wanted or (port, address) in wanted


def _packed(address: str) -> bytes:
    if not address:
        return b""
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
