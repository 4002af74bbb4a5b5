"""One call of a method on the system bus: the D-Bus Specification, "Message Protocol", as far as that needs.

A client library would cost a start more than all the rest of its network.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Sequence
from typing import NamedTuple

_ADDRESS = "/run/dbus/system_bus_socket"
_PATIENCE = 3.0  # seconds for each answer
_CALL, _RETURN, _ERROR, _NO_AUTO_START = 1, 2, 3, 2
_PATH, _INTERFACE, _MEMBER, _ERROR_NAME, _REPLY_SERIAL, _DESTINATION, _SIGNATURE = 1, 2, 3, 4, 5, 6, 8
_LARGEST = 1 << 20  # bytes of one message
_LARGEST_LINE = 512  # bytes of one answer while the two get to know each other


class Method(NamedTuple):
    """A method of an object on the bus."""

    destination: str
    path: str
    interface: str
    member: str


class BusError(Exception):
    """The bus is not there, or the call was refused. The message is the error's name."""


def call(method: Method, *words: str) -> None:
    """Call a method whose arguments are strings, and wait until it has done its work.

    :raises BusError: it has not, or nobody answers.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as bus:
            bus.settimeout(_PATIENCE)
            bus.connect(_address())
            _introduce(bus)
            hello = Method("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello")
            for serial, (each, arguments) in enumerate(((hello, ()), (method, words)), 1):
                bus.sendall(encode_call(each, arguments, serial))
                _await_reply(bus, serial)
    except OSError as error:
        raise BusError(str(error)) from error
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise BusError("what the bus says is not understood") from error


def encode_call(method: Method, words: Sequence[str], serial: int) -> bytes:
    """The message that calls a method with strings."""
    fields = [
        (_PATH, "o", method.path), (_INTERFACE, "s", method.interface), (_MEMBER, "s", method.member),
        (_DESTINATION, "s", method.destination),
    ]  # fmt: skip
    coded = b""
    for code, kind, value in fields:
        coded = _padded(coded, 8) + bytes([code, 1]) + kind.encode() + b"\0" + _text(value)
    if words:
        signature = b"s" * len(words)
        coded = _padded(coded, 8) + bytes([_SIGNATURE, 1]) + b"g\0" + bytes([len(words)]) + signature + b"\0"
    body = b""
    for each in words:
        body = _padded(body, 4) + _text(each)
    head = b"l" + bytes([_CALL, _NO_AUTO_START, 1]) + struct.pack("<III", len(body), serial, len(coded))
    return _padded(head + coded, 8) + body


def _address() -> str:
    wanted = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS", "")
    return (
        wanted.removeprefix("unix:path=").partition(",")[0] if wanted.startswith("unix:path=") else _ADDRESS
    )


def _introduce(bus: socket.socket) -> None:
    """Say by whom the connection is, which the kernel vouches for."""
    bus.sendall(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\n")
    line = b""
    while not line.endswith(b"\r\n") and len(line) < _LARGEST_LINE:
        data = bus.recv(1)
        if not data:
            break
        line += data
    if not line.startswith(b"OK "):
        raise BusError("the bus does not let this user in")
    bus.sendall(b"BEGIN\r\n")


def _await_reply(bus: socket.socket, serial: int) -> None:
    """Read messages up to the answer to one of ours; others, signals, are passed over."""
    while True:
        head = _exactly(bus, 16)
        order = "<" if head[:1] == b"l" else ">"
        body, _, fields = struct.unpack_from(f"{order}III", head, 4)
        rest = -fields % 8
        if body + fields > _LARGEST:
            raise BusError("a message of the bus is too large")
        found = _fields(_exactly(bus, fields + rest)[:fields], order)
        _exactly(bus, body)
        if found.get(_REPLY_SERIAL) == str(serial):
            if head[1] == _RETURN:
                return
            if head[1] == _ERROR:
                raise BusError(found.get(_ERROR_NAME, "an error without a name"))


def _fields(data: bytes, order: str) -> dict[int, str]:
    found, at = {}, 0
    while at < len(data):
        code, kind = data[at], data[at + 2 : at + 3]
        at += 4  # the code, and a signature of one letter
        if kind == b"g":
            size = data[at]
            found[code] = data[at + 1 : at + 1 + size].decode()
            at += size + 2
        else:
            at += -at % 4
            (number,) = struct.unpack_from(f"{order}I", data, at)
            at += 4
            if kind in (b"s", b"o"):
                found[code] = data[at : at + number].decode()
                at += number + 1
            else:
                found[code] = str(number)
        at += -at % 8
    return found


def _exactly(bus: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = bus.recv(size - len(data))
        if not part:
            raise BusError("the bus ended the connection")
        data += part
    return data


def _text(value: str) -> bytes:
    coded = value.encode()
    return struct.pack("<I", len(coded)) + coded + b"\0"


def _padded(data: bytes, to: int) -> bytes:
    return data + bytes(-len(data) % to)
