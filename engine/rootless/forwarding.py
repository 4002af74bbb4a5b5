"""Passing on what comes to published ports of the host, into the namespace that containers share.

Whatever goes on into the namespace bears a mark, by which the rules there lead it to the container of the
port. It bears the client's address too, where that is not the host's loopback, so that the container sees
who came.
"""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Callable
from ipaddress import ip_address

from engine.rootless.providers import OUTWARDS

OWN = "fd6c:616d:696e:61::1"  # the namespace's own address, for IPv6 clients of the loopback
_IP_TRANSPARENT, _IPV6_TRANSPARENT, _SO_MARK = 19, 75, 36  # include/uapi/linux/in.h, in6.h, asm-generic
Handler = Callable[[int], None]
Address = tuple[str, int]


class Loop:
    """Waits for events of descriptors and hands them to who is concerned."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._handlers: dict[int, Handler] = {}
        self._again: list[Callable[[], None]] = []

    def watch(self, descriptor: int, events: int, handler: Handler) -> None:
        """Call a function with the events of a descriptor from now on."""
        self._handlers[descriptor] = handler
        self._poll.register(descriptor, events)

    def forget(self, descriptor: int) -> None:
        """Not any more; before it is closed."""
        if self._handlers.pop(descriptor, None):
            self._poll.unregister(descriptor)

    def soon(self, action: Callable[[], None]) -> None:
        """Call a function when others have had their turn."""
        self._again.append(action)

    def turn(self, patience: float) -> bool:
        """One round; False when nothing happened in `patience` seconds (-1: however long it takes)."""
        again, self._again = self._again, []
        found = self._poll.poll(0 if again else patience)
        for descriptor, events in found:
            handler = self._handlers.get(descriptor)  # another's handler may have closed it
            if handler:
                handler(events)
        for action in again:
            action()
        return bool(found or again)


def inner_socket(kind: int, client: Address, place: Address) -> tuple[socket.socket, Address]:
    """A socket into the namespace, and the address that it is to be connected to.

    :param client: who comes. :param place: the host's address and port that he came to.
    :raises OSError: there is no room for another, or no way.
    """
    family = socket.AF_INET6 if ":" in client[0] else socket.AF_INET
    inner = socket.socket(family, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        inner.setsockopt(socket.SOL_SOCKET, _SO_MARK, OUTWARDS)
        source = ip_address(client[0].partition("%")[0])
        if not source.is_loopback:
            level, option = (
                (socket.IPPROTO_IPV6, _IPV6_TRANSPARENT)
                if family == socket.AF_INET6
                else (socket.IPPROTO_IP, _IP_TRANSPARENT)
            )
            inner.setsockopt(level, option, 1)
            inner.bind((str(source), 0))
        elif family == socket.AF_INET6:
            # The kernel routes nothing from ::1 to another interface.
            inner.bind((OWN, 0))
            place = (OWN, place[1])
    except BaseException:
        inner.close()
        raise
    return inner, place


class Forwarding:
    """The published ports of all containers of a store."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._ports: dict[int, list[Callable[[], None]]] = {}

    def publish(self, owner: int, descriptors: list[int]) -> None:
        """Serve sockets of the host, bound and no more, until their owner is gone.

        :param owner: any number that tells owners apart.
        """
        from engine.rootless.datagrams import DatagramPort
        from engine.rootless.streaming import StreamPort

        for descriptor in descriptors:
            listener = socket.socket(fileno=descriptor)
            listener.setblocking(False)
            with contextlib.suppress(OSError):  # taken between our binding and listening: as with Docker
                port = (StreamPort if listener.type == socket.SOCK_STREAM else DatagramPort)(
                    self._loop, listener
                )
                self._ports.setdefault(owner, []).append(port.close)

    def withdraw(self, owner: int) -> None:
        """Stop serving an owner's ports; who is connected is so no longer."""
        for close in self._ports.pop(owner, ()):
            close()
