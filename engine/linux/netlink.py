"""Netlink: messages made of attributes, and a socket that sends them and reads the kernel's answers.

Written out rather than taken from pyroute2, whose narrowest import (`pyroute2.netlink`) takes 110 ms here:
more than all else that a start of a container does. These few messages take less than one.
Layouts are those of include/uapi/linux/netlink.h; numbers are in the machine's own byte order.
"""

from __future__ import annotations

import _socket as socket  # `socket` itself, with its enumerations, would be felt by every start
import os
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Self

REQUEST, ACK, DUMP = 0x1, 0x4, 0x300
REPLACE, EXCLUSIVE, CREATE, APPEND = 0x100, 0x200, 0x400, 0x800
NESTED = 0x8000

_ERROR, _DONE = 2, 3
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_BUFFER = 1 << 18
_TYPE_MASK = 0x3FFF


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
        return list(self._answers({self._sequence}, what))

    def batch(self, messages: Iterable[tuple[int, int, bytes]], first: bytes, last: bytes, what: str) -> None:
        """Send requests between two others as one transaction.

        :param messages: kind, flags and body of each. :raises OSError: the first refusal.
        """
        parts, waited = [first], set()
        for kind, flags, body in messages:
            self._sequence += 1
            waited.add(self._sequence)
            parts.append(message(kind, flags | REQUEST | ACK, body, self._sequence))
        self._socket.send(b"".join([*parts, last]))
        for _ in self._answers(waited, what):
            pass

    def _answers(self, waited: set[int], what: str) -> Iterator[Message]:
        """Read until every request has been acknowledged; a refusal is raised when all have been read."""
        refusal = 0
        while waited:
            data = self._socket.recv(_BUFFER)
            offset = 0
            while offset + 16 <= len(data):
                length, kind, _, sequence, _ = _HEADER.unpack_from(data, offset)
                body = data[offset + 16 : offset + length]
                offset += (length + 3) & ~3
                if kind == _ERROR:
                    (number,) = struct.unpack_from("=i", body)
                    refusal = refusal or -number
                    waited.discard(sequence)
                    if number and sequence == 0:
                        waited.clear()  # the batch as a whole was refused
                elif kind == _DONE:
                    waited.discard(sequence)
                elif sequence in waited:
                    yield Message(kind, body)
        if refusal:
            raise OSError(refusal, f"{what}: {os.strerror(refusal)}")
