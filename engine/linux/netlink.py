"""Netlink: messages made of attributes, and a socket that sends them and reads the kernel's answers.

Written out rather than taken from pyroute2, whose narrowest import (`pyroute2.netlink`) takes 110 ms here:
more than all else that a start of a container does. These few messages take less than one.
Layouts are those of include/uapi/linux/netlink.h; numbers are in the machine's own byte order.
"""

from __future__ import annotations

import _socket as socket  # `socket` itself, with its enumerations, would be felt by every start
import contextlib
import errno
import os
import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Self

REQUEST, ACK, DUMP = 0x1, 0x4, 0x300
REPLACE, EXCLUSIVE, CREATE, APPEND = 0x100, 0x200, 0x400, 0x800
NESTED = 0x8000

_ERROR, _DONE = 2, 3
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_BUFFER = 1 << 18
_TYPE_MASK = 0x3FFF
_SO_SNDBUFFORCE, _SO_RCVBUFFORCE = 32, 33  # asm-generic/socket.h; beyond net.core.?mem_max
_USUAL_ROOM = 200 << 10  # bytes; net.core.?mem_default is a little more
_ANSWER = 1 << 10  # bytes of memory that the kernel counts for one refusal


class Message(NamedTuple):
    """One message as it came.

    :param body: what follows the header: the family's own header, then attributes.
    """

    kind: int
    body: bytes


def attribute(kind: int, value: bytes | int | str) -> bytes:
    """One attribute; a number is 32 bits wide, a text ends with a zero byte."""
    if isinstance(value, int):
        value = struct.pack("=I", value)
    elif isinstance(value, str):
        value = value.encode() + b"\0"
    padding = -len(value) % 4
    return _ATTRIBUTE.pack(4 + len(value), kind) + value + b"\0" * padding


def nested(kind: int, *attributes: bytes) -> bytes:
    """An attribute that holds others."""
    return attribute(kind | NESTED, b"".join(attributes))


def attributes(data: bytes) -> dict[int, bytes]:
    """The attributes of a message from the kernel, by their kind; of several alike the last."""
    return dict(each_attribute(data))


def each_attribute(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The attributes of a message in order."""
    offset = 0
    while offset + 4 <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < 4:
            return
        yield kind & _TYPE_MASK, data[offset + 4 : offset + length]
        offset += (length + 3) & ~3


def message(kind: int, flags: int, body: bytes, sequence: int = 0) -> bytes:
    """One message with its header."""
    return _HEADER.pack(16 + len(body), kind, flags, sequence, 0) + body


class Netlink:
    """A socket of one netlink family; it belongs to the network namespace that it was made in.

    :param family: of NETLINK_*. :param groups: multicast groups to listen to, as a mask.
    """

    def __init__(self, family: int, groups: int = 0) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, family)
        try:
            self._socket.bind((0, groups))
        except BaseException:
            self._socket.close()
            raise
        self._sequence = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def fileno(self) -> int:
        """The descriptor, for select."""
        return self._socket.fileno()

    def drain(self) -> None:
        """Read away what came by multicast; more than the socket could hold is as good as something."""
        try:
            while self._socket.recv(_BUFFER, socket.MSG_DONTWAIT):
                pass
        except BlockingIOError:
            return
        except OSError:
            return  # ENOBUFS: some were lost

    def ask(self, kind: int, flags: int, body: bytes, what: str = "netlink") -> list[Message]:
        """Send one request; its answers, none for a mere acknowledgement.

        :raises OSError: the kernel refuses; the message says `what`.
        """
        self._sequence += 1
        dump = flags & DUMP == DUMP
        flags |= REQUEST if dump else REQUEST | ACK
        self._socket.send(message(kind, flags, body, self._sequence))
        refusals: dict[int, int] = {}
        found = list(self._answers(self._sequence, refusals))
        _raise(refusals, what)
        return found

    def batch(self, messages: Sequence[tuple[int, int, bytes]], first: bytes, last: bytes, what: str) -> None:
        """Send requests between two others as one transaction.

        :param messages: kind, flags and body of each. :raises OSError: the first refusal.
        """
        _raise(self.attempt(messages, first, last), what)

    def attempt(
        self, messages: Sequence[tuple[int, int, bytes]], first: bytes, last: bytes
    ) -> dict[int, int]:
        """The same; gives the errors of what was refused by position, -1 for the whole.

        Where there are any, nothing was done.
        """
        parts, before = [first], self._sequence
        for position, (kind, flags, body) in enumerate(messages, 1):
            self._sequence += 1
            # Refusals are told anyway, and before the last one is acknowledged (net/netfilter/nfnetlink.c).
            asked = REQUEST | (ACK if position == len(messages) else 0)
            parts.append(message(kind, flags | asked, body, self._sequence))
        data = b"".join([*parts, last])
        self._make_room(2 * len(data), _ANSWER * len(messages))
        self._socket.send(data)
        refusals: dict[int, int] = {}
        for _ in self._answers(self._sequence, refusals):
            pass
        return {max(sequence - before - 1, -1): number for sequence, number in refusals.items()}

    def _make_room(self, sent: int, received: int) -> None:
        """Have the socket hold so many bytes each way, where that is more than usual."""
        for option, room in ((_SO_SNDBUFFORCE, sent), (_SO_RCVBUFFORCE, received)):
            if room > _USUAL_ROOM:
                with contextlib.suppress(OSError):  # for those alone who have rights over networks
                    self._socket.setsockopt(socket.SOL_SOCKET, option, room)

    def _answers(self, waited: int, refusals: dict[int, int]) -> Iterator[Message]:
        """Read until a request has been answered whole, or refused.

        :param waited: its number. :param refusals: gets errors by the numbers of requests, 0 for a batch.
        """
        lost: OSError | None = None
        while True:
            try:
                data = self._socket.recv(_BUFFER, socket.MSG_DONTWAIT if lost else 0)
            except OSError as error:
                if error.errno == errno.ENOBUFS and lost is None:
                    lost = error  # perhaps with the one that is waited for; those that came can be read
                    continue
                if lost and refusals:
                    return
                raise lost or error from None
            offset = 0
            while offset + 16 <= len(data):
                length, kind, _, sequence, _ = _HEADER.unpack_from(data, offset)
                body = data[offset + 16 : offset + length]
                offset += (length + 3) & ~3
                if kind == _ERROR:
                    (number,) = struct.unpack_from("=i", body)
                    if number:
                        refusals[sequence] = -number
                    if sequence == waited or (number and sequence == 0):
                        return
                elif sequence != waited:
                    continue
                elif kind == _DONE:
                    return
                else:
                    yield Message(kind, body)


def _raise(refusals: dict[int, int], what: str) -> None:
    """The first of them, where there are any."""
    number = next(iter(refusals.values()), 0)
    if number:
        raise OSError(number, f"{what}: {os.strerror(number)}")
