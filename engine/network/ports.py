"""Published ports: leased in the database, tried on the host, and kept from others while in use."""

from __future__ import annotations

import _socket
import contextlib
import errno
import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from engine.errors import Conflict, InvalidArgument, NotSupported, PermissionDenied
from engine.linux.nftables import Element
from engine.network import rules
from engine.network.models import Endpoint
from engine.network.wishes import Publish

if TYPE_CHECKING:
    import sqlite3

_FIRST, _LAST = 32768, 60999  # where the kernel too takes ports from that nobody named (ip-sysctl)
_TRIES = 200
# Descriptors that a monitor keeps open; of a range beyond that the ports are tried and let go again.
_MOST_HELD = 256
_BACKLOG = 4096

IsHeld = Callable[[str], bool]


class Held:
    """Sockets bound to published ports, so that no other program of the host gets them meanwhile."""

    most = _MOST_HELD
    serves = False  # whether somebody is to listen at them

    def __init__(self) -> None:
        self.descriptors: list[int] = []

    def bind(self, publish: Publish, with_ipv6: bool) -> None:
        """Take a port. :raises OSError: somebody has it, or the address is not this host's."""
        import socket  # felt, and only needed by who publishes

        kind = socket.SOCK_STREAM if publish.protocol == "tcp" else socket.SOCK_DGRAM
        if publish.address:
            places = [(_family(publish.address), publish.address)]
        else:
            places = [(socket.AF_INET, "0.0.0.0"), *([(socket.AF_INET6, "::")] if with_ipv6 else [])]  # noqa: S104
        for family, address in places:
            with socket.socket(family, kind | socket.SOCK_CLOEXEC) as place:
                if family == socket.AF_INET6:
                    place.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                streams = self.serves and kind == socket.SOCK_STREAM
                if streams:
                    # Or connections that ended lately would keep the port taken, socket(7).
                    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                place.bind((address, publish.port))
                if streams:
                    place.listen(_BACKLOG)
                if len(self.descriptors) < self.most:
                    self.descriptors.append(place.detach())

    def close(self) -> None:
        """Let all go."""
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors.clear()


def lease(
    db: sqlite3.Connection, endpoint: Endpoint, wanted: Sequence[Publish], is_held: IsHeld, held: Held
) -> list[Publish]:
    """Lease ports for a container that is about to start; those without a number get one.

    :param endpoint: where the ports lead. :param is_held: whether a container of an id runs or starts.
    :param held: takes the sockets.
    :raises Conflict: a port is taken; says by whom where that is known. :raises NotSupported: it is of ::1.
    """
    withdraw(db, endpoint.container_id)
    found = []
    for publish in wanted:
        if publish.address == "::1":
            # The kernel routes nothing from ::1 to another interface; for IPv4 there is route_localnet.
            raise NotSupported(
                f"-p [::1]:{publish.port}: the host's IPv6 loopback cannot lead to a container",
                hint="publish at 127.0.0.1, or at another IPv6 address of the host",
            )
        if ":" in publish.address and not endpoint.address6:
            raise InvalidArgument(
                f"-p [{publish.address}]:{publish.port}: the network {endpoint.network.name} has no IPv6",
                hint="make a network with --ipv6",
            )
        chosen = _take(db, endpoint, publish, is_held, held)
        db.execute(
            "INSERT INTO ports (protocol, address, port, container_id, target) VALUES (?, ?, ?, ?, ?)",
            (chosen.protocol, chosen.address, chosen.port, endpoint.container_id, chosen.target),
        )
        found.append(chosen)
    return found


def withdraw(db: sqlite3.Connection, container_id: str) -> list[Element]:
    """End a container's leases; the rules' elements that may still be there."""
    mine = leased(db, container_id)
    db.execute("DELETE FROM ports WHERE container_id = ?", (container_id,))
    return keys_of(mine)


def keys_of(published: Iterable[Publish]) -> list[Element]:
    """The elements by which the rules know published ports, wherever they lead."""
    return [
        element
        for port in published
        for element in rules.keys_of_port(port.address, port.port, port.protocol)
    ]


def leased(db: sqlite3.Connection, container_id: str) -> list[Publish]:
    """The ports that lead to a container, by its own port's number."""
    query = (
        "SELECT address, port, target, protocol FROM ports WHERE container_id = ? "
        "ORDER BY target, protocol, address, port"
    )
    return [Publish(*row) for row in db.execute(query, (container_id,))]


def elements(published: Iterable[Publish], endpoint: Endpoint) -> list[Element]:
    """What the rules must know of published ports."""
    return [
        rules.of_port(each.address, each.port, each.protocol, to, each.target)
        for each in published
        for to in (endpoint.address, endpoint.address6)
        if to and (not each.address or _family(each.address) == _family(to))
    ]


def forget_flows(published: Iterable[Publish]) -> None:
    """Have datagrams to ports go by the rules of now, also those of clients that have sent some before."""
    found = [each for each in published if each.protocol == "udp"]
    if found:
        from engine.linux.conntrack import Port, forget_datagrams

        forget_datagrams({Port(each.address, each.port) for each in found})


def _take(
    db: sqlite3.Connection, endpoint: Endpoint, publish: Publish, is_held: IsHeld, held: Held
) -> Publish:
    if publish.port:
        _free_or_raise(db, publish, is_held)
        try:
            held.bind(publish, bool(endpoint.address6))
        except OSError as error:
            raise _refusal(publish, error) from error
        return publish
    import random  # with all the kinds of chance that it has; a named port needs none

    for _ in range(_TRIES):
        chosen = publish._replace(port=random.randint(_FIRST, _LAST))  # noqa: S311 - any will do
        with contextlib.suppress(Conflict):
            _free_or_raise(db, chosen, is_held)
            try:
                held.bind(chosen, bool(endpoint.address6))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise _refusal(publish, error) from error
                continue
            return chosen
    raise Conflict(f"no port of the host is free for port {publish.target} of the container")


def _free_or_raise(db: sqlite3.Connection, publish: Publish, is_held: IsHeld) -> None:
    rows = db.execute(
        "SELECT container_id, name FROM ports JOIN containers ON containers.id = container_id "
        "WHERE protocol = ?1 AND port = ?2 AND (address = ?3 OR address = '' OR ?3 = '')",
        (publish.protocol, publish.port, publish.address),
    ).fetchall()
    for container_id, name in rows:
        if is_held(container_id):
            raise Conflict(
                f"port {publish.port}/{publish.protocol} of the host leads to the container {name} already",
                hint=f"choose another port, or stop it: lamina stop {name}",
            )
        # It was killed together with its monitor.
        rules.TABLE.remove(withdraw(db, container_id))


def _refusal(publish: Publish, error: OSError) -> Exception:
    where = f"{publish.address or 'all addresses'}, port {publish.port}/{publish.protocol}"
    if error.errno == errno.EADDRINUSE:
        return Conflict(
            f"port {publish.port}/{publish.protocol} of the host is in use",
            hint=f"choose another, or see who has it: ss -lnp 'sport = :{publish.port}'",
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return InvalidArgument(f"-p: {publish.address} is no address of this host")
    setting = f"sudo sysctl net.ipv4.ip_unprivileged_port_start={publish.port}"
    return PermissionDenied(
        f"{where}: {error.strerror}",
        hint=f"choose a port from 1024 on, or let users have this one: {setting}",
    )


def _family(address: str) -> int:
    return _socket.AF_INET6 if ":" in address else _socket.AF_INET
