"""Flows that the kernel keeps track of: those to a port that now leads elsewhere are forgotten.

A datagram of a flow that is known goes where the flow's first one went, whatever the rules say since; and
a client that keeps its port keeps the flow alive.

The messages are pyroute2's: they are needed where a UDP port is published, so that no other start of a
container pays for its import (compare `engine.linux.netlink`).
"""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Collection
from typing import NamedTuple


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
    from pyroute2.netlink.exceptions import NetlinkError

    with contextlib.suppress(OSError, NetlinkError):
        return sum(_forget(port, family) for port in ports for family in _families(port))
    return 0


def _families(port: Port) -> tuple[socket.AddressFamily, ...]:
    if not port.address:
        return socket.AF_INET, socket.AF_INET6
    return (socket.AF_INET6 if ":" in port.address else socket.AF_INET,)


def _forget(port: Port, family: socket.AddressFamily) -> int:
    from pyroute2.conntrack import Conntrack, NFCTAttrTuple
    from pyroute2.netlink.exceptions import NetlinkError

    wanted = NFCTAttrTuple(family, daddr=port.address or None, proto=socket.IPPROTO_UDP, dport=port.number)
    forgotten = 0
    with Conntrack(nfgen_family=family) as kernel:
        for flow in list(kernel.dump_entries(tuple_orig=wanted)):
            try:
                kernel.entry("del", tuple_orig=flow.tuple_orig, zone=flow.zone)
            except NetlinkError as error:
                if error.code != errno.ENOENT:  # it ended meanwhile
                    raise
            else:
                forgotten += 1
    return forgotten
