"""Unix sockets by the C module beneath `socket`, whose own import (enum, selectors) every start would pay."""

from __future__ import annotations

import _socket
import os
from _socket import (
    AF_INET,
    AF_UNIX,
    CMSG_SPACE,
    MSG_CMSG_CLOEXEC,
    SCM_RIGHTS,
    SHUT_WR,
    SO_PEERCRED,
    SOCK_CLOEXEC,
    SOCK_DGRAM,
    SOCK_NONBLOCK,
    SOCK_STREAM,
    SOL_SOCKET,
    socketpair,
)
from array import array

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from collections.abc import Sequence

Socket = _socket.socket

_INT = array("i").itemsize
_AT_ONCE = 200  # descriptors in one message; the kernel takes 253, unix(7)
_CHUNK = 64 << 10

__all__ = [
    "Socket",
    "accept",
    "adopt",
    "connect",
    "control_socket",
    "is_from_us",
    "listen",
    "pair",
    "receive_descriptor",
    "receive_document",
    "send_descriptor",
    "send_document",
]


def adopt(fd: int) -> Socket:
    """A connected stream socket of a descriptor, which it owns from here on."""
    return Socket(AF_UNIX, SOCK_STREAM, 0, fd)


def pair() -> tuple[Socket, Socket]:
    """Two sockets connected to each other, closed by exec."""
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC)


def control_socket() -> Socket:
    """A socket for ioctls on network interfaces."""
    return Socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC)


def listen(path: str) -> Socket:
    """A listening socket that only this user can reach: 0600, in a directory of 0700 that is made.

    The directory is named below /proc/self/fd because a Unix address takes 107 bytes only.
    """
    directory, name = os.path.split(path)
    os.makedirs(directory, 0o700, exist_ok=True)
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    server = Socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)
    fd = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    before = os.umask(0o177)
    try:
        server.bind(f"/proc/self/fd/{fd}/{name}")
    finally:
        os.umask(before)
        os.close(fd)
    server.listen(16)
    return server


def accept(server: Socket) -> Socket:
    """The next connection, closed by exec."""
    fd, _ = server._accept()  # type: ignore[attr-defined]  # noqa: SLF001 - what socket.accept calls
    os.set_inheritable(fd, False)
    return adopt(fd)


def is_from_us(connection: Socket) -> bool:
    """Whether this user or root is at the other end. unix(7), SO_PEERCRED"""
    credentials = array("i", connection.getsockopt(SOL_SOCKET, SO_PEERCRED, 12))  # pid, uid, gid
    return credentials[1] in (0, os.geteuid())


def connect(path: str) -> Socket:
    """A connection to what listens at a path of any length, closed by exec.

    :raises OSError: nobody does.
    """
    directory, name = os.path.split(path)
    fd = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    connection = Socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC)
    try:
        connection.connect(f"/proc/self/fd/{fd}/{name}")
    except OSError:
        connection.close()
        raise
    finally:
        os.close(fd)
    return connection


def send_descriptor(channel: Socket, fd: int) -> None:
    """Hand a descriptor to the process at the other end. unix(7), SCM_RIGHTS"""
    channel.sendmsg([b"d"], [(SOL_SOCKET, SCM_RIGHTS, array("i", [fd]))])


def receive_descriptor(channel: Socket) -> int:
    """The descriptor that was handed over; -1 when the other end was closed instead."""
    data, ancillary, _, _ = channel.recvmsg(1, CMSG_SPACE(_INT), MSG_CMSG_CLOEXEC)
    for level, kind, payload in ancillary:
        if data and level == SOL_SOCKET and kind == SCM_RIGHTS:
            return array("i", payload[:_INT])[0]
    return -1


def send_document(channel: Socket, document: bytes, descriptors: Sequence[int]) -> None:
    """Send all that is ever sent on a channel: a document, and descriptors that ride on its first bytes."""
    view = memoryview(document)
    for first in range(0, len(descriptors), _AT_ONCE):
        batch = array("i", descriptors[first : first + _AT_ONCE])
        channel.sendmsg([view[:1]], [(SOL_SOCKET, SCM_RIGHTS, batch)])
        view = view[1:]
    channel.sendall(view)
    channel.shutdown(SHUT_WR)


def receive_document(channel: Socket) -> tuple[bytes, list[int]]:
    """What `send_document` sent, its descriptors closed by exec; an empty document where nothing came."""
    document, descriptors = bytearray(), array("i")
    while True:
        data, ancillary, _, _ = channel.recvmsg(_CHUNK, CMSG_SPACE(_INT * _AT_ONCE), MSG_CMSG_CLOEXEC)
        for level, kind, payload in ancillary:
            if level == SOL_SOCKET and kind == SCM_RIGHTS:
                descriptors.frombytes(payload)
        if not data:
            return bytes(document), list(descriptors)
        document += data
