"""Datagrams to a published port: for each client a socket into the namespace, forgotten when it is silent."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time
from typing import NamedTuple

from engine.rootless.forwarding import Address, Loop, inner_socket

_LARGEST = 65535
_SILENCE = 120.0  # seconds after which a client is forgotten
_MOST = 512  # clients of one port at a time
_TURN = 64  # datagrams that are passed on before others have their turn
# Which of the host's addresses a datagram was for, ip(7) and ipv6(7): the answer comes from there.
_IP_PKTINFO, _IPV6_RECVPKTINFO, _IPV6_PKTINFO = 8, 49, 50
_INFO4, _INFO6 = struct.Struct("=i4s4s"), struct.Struct("=16si")


class _Client(NamedTuple):
    inner: socket.socket
    answer: list[tuple[int, int, bytes]]


class DatagramPort:
    """A published port for datagrams."""

    def __init__(self, loop: Loop, listener: socket.socket) -> None:
        self._loop = loop
        self._listener = listener
        self._clients: dict[tuple[Address, str], _Client] = {}  # the one that was silent longest first
        self._used: dict[tuple[Address, str], float] = {}
        if listener.family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVPKTINFO, 1)
        else:
            listener.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        loop.watch(listener.fileno(), select.EPOLLIN, self._receive)

    def close(self) -> None:
        """Serve nobody any more."""
        self._loop.forget(self._listener.fileno())
        self._listener.close()
        for who in list(self._clients):
            self._dismiss(who)

    def _receive(self, _events: int) -> None:
        for _ in range(_TURN):
            try:
                data, ancillary, _, address = self._listener.recvmsg(_LARGEST, socket.CMSG_SPACE(32))
            except OSError:
                return
            place, answer = self._place(ancillary)
            who = (address[:2], place)
            with contextlib.suppress(OSError):
                client = self._clients.get(who) or self._admit(who, address, answer)
                self._used[who] = time.monotonic()
                client.inner.send(data)

    def _place(self, ancillary: list[tuple[int, int, bytes]]) -> tuple[str, list[tuple[int, int, bytes]]]:
        for level, kind, data in ancillary:
            if (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO):
                _, _, packed = _INFO4.unpack(data)
                return socket.inet_ntop(socket.AF_INET, packed), [
                    (level, kind, _INFO4.pack(0, packed, packed))
                ]
            if (level, kind) == (socket.IPPROTO_IPV6, _IPV6_PKTINFO):
                packed, number = _INFO6.unpack(data)
                return socket.inet_ntop(socket.AF_INET6, packed), [(level, kind, _INFO6.pack(packed, number))]
        return self._listener.getsockname()[0], []

    def _admit(
        self, who: tuple[Address, str], address: Address, answer: list[tuple[int, int, bytes]]
    ) -> _Client:
        self._forget_silent()
        inner, place = inner_socket(socket.SOCK_DGRAM, who[0], (who[1], self._listener.getsockname()[1]))
        try:
            inner.connect(place)
        except OSError:
            inner.close()
            raise
        client = self._clients[who] = _Client(inner, answer)

        def pass_back(_events: int) -> None:
            self._used[who] = time.monotonic()
            for _ in range(_TURN):
                try:
                    data = inner.recv(_LARGEST)
                except OSError:
                    return
                with contextlib.suppress(OSError):  # he is gone, or his network is
                    self._listener.sendmsg([data], answer, 0, address)

        self._loop.watch(inner.fileno(), select.EPOLLIN, pass_back)
        return client

    def _forget_silent(self) -> None:
        """Have room for one more."""
        late = time.monotonic() - _SILENCE
        for who in [who for who, used in self._used.items() if used < late]:
            self._dismiss(who)
        if len(self._clients) >= _MOST:
            self._dismiss(min(self._used, key=self._used.__getitem__))

    def _dismiss(self, who: tuple[Address, str]) -> None:
        client = self._clients.pop(who)
        self._used.pop(who, None)
        self._loop.forget(client.inner.fileno())
        client.inner.close()
