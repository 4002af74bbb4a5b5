"""Streams to a published port: moved by splice(2), through a pipe for each direction, unlooked at."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import struct
from fcntl import F_SETPIPE_SZ, fcntl

from engine.rootless.forwarding import Loop, inner_socket

_PIPE = 1 << 18  # bytes that wait on their way
_TURN = 1 << 21  # bytes that are moved before others have their turn
_BACKLOG = 4096
_PAUSE_ERRORS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_EVENTS = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET
_NOW = os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: the other side learns that it was no ordinary end


class StreamPort:
    """A published port for streams.

    :raises OSError: it cannot be listened at.
    """

    def __init__(self, loop: Loop, listener: socket.socket) -> None:
        self._loop = loop
        self._listener = listener
        self._streams: set[_Stream] = set()
        listener.listen(_BACKLOG)
        loop.watch(listener.fileno(), select.EPOLLIN, self._accept)

    def close(self) -> None:
        """Listen no more, and end what goes on."""
        self._loop.forget(self._listener.fileno())
        self._listener.close()
        for stream in list(self._streams):
            stream.close(reset=True)

    def _accept(self, _events: int) -> None:
        try:
            client, address = self._listener.accept()
        except OSError as error:
            if error.errno in _PAUSE_ERRORS:
                self._make_room()
            return
        try:
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            inner, place = inner_socket(socket.SOCK_STREAM, address[:2], client.getsockname()[:2])
            stream = _Stream(self._loop, client, inner, self._streams.discard)
        except OSError:
            client.close()
            return
        self._streams.add(stream)
        stream.connect(place)

    def _make_room(self) -> None:
        """End one stream: descriptors are all taken, and a listener that is ready would keep us busy."""
        if self._streams:
            next(iter(self._streams)).close(reset=True)


class _Way:
    """One direction of a stream."""

    def __init__(self, source: socket.socket, target: socket.socket) -> None:
        self.source, self.target = source, target
        self.read, self.write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        with contextlib.suppress(
            OSError
        ):  # the user has as many large pipes as pipe-user-pages-soft lets him
            fcntl(self.write, F_SETPIPE_SZ, _PIPE)
        self.waiting = 0  # bytes in the pipe
        self.ended = False  # nothing more comes
        self.done = False  # and the target knows

    def move(self) -> bool:
        """Move what can be; whether there may be more at once. :raises OSError: one side is gone."""
        moved = 0
        while moved < _TURN:
            taken, given = self._take(), self._give()
            if not taken and not given:
                break
            moved += given
        if self.ended and not self.waiting and not self.done:
            self.target.shutdown(socket.SHUT_WR)
            self.done = True
        return moved >= _TURN

    def close(self) -> None:
        os.close(self.read)
        os.close(self.write)

    def _take(self) -> int:
        if self.ended or self.waiting >= _PIPE:
            return 0
        try:
            count = os.splice(self.source.fileno(), self.write, _PIPE - self.waiting, flags=_NOW)
        except BlockingIOError:
            return 0
        self.ended = not count
        self.waiting += count
        return count

    def _give(self) -> int:
        if not self.waiting:
            return 0
        try:
            count = os.splice(self.read, self.target.fileno(), self.waiting, flags=_NOW)
        except BlockingIOError:
            return 0
        self.waiting -= count
        return count


class _Stream:
    """A client, and the connection made for it into the namespace."""

    def __init__(self, loop: Loop, client: socket.socket, inner: socket.socket, forget: object) -> None:
        self._loop = loop
        self._client, self._inner = client, inner
        self._forget = forget
        self._connected = self._closed = False
        self._ways = [_Way(client, inner)]
        try:
            self._ways.append(_Way(inner, client))
        except OSError:
            self._ways[0].close()
            inner.close()
            raise

    def connect(self, place: tuple[str, int]) -> None:
        """Begin; all else follows from events."""
        code = self._inner.connect_ex(place)
        if code not in (0, errno.EINPROGRESS):
            self.close(reset=True)
            return
        self._loop.watch(self._inner.fileno(), _EVENTS, self._on_inner)

    def close(self, reset: bool = False) -> None:
        """End it, if it has not."""
        if self._closed:
            return
        self._closed = True
        for one in (self._client, self._inner):
            self._loop.forget(one.fileno())
            if reset:
                with contextlib.suppress(OSError):
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            one.close()
        for way in self._ways:
            way.close()
        assert callable(self._forget)
        self._forget(self)

    def _on_inner(self, _events: int) -> None:
        if not self._connected:
            if self._inner.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self.close(reset=True)
                return
            self._connected = True
            self._loop.watch(self._client.fileno(), _EVENTS, lambda _events: self._move())
        self._move()

    def _move(self) -> None:
        if self._closed:
            return
        try:
            more = [way.move() for way in self._ways]
        except OSError:
            self.close(reset=True)
            return
        if all(way.done for way in self._ways):
            self.close()
        elif any(more):
            self._loop.soon(self._move)
