"""The resolver of one network: a process that lives for as long as a container is plugged in there.

It answers at the network's gateway, so nothing is changed inside containers, and whoever starts the next
container starts it anew if it was killed. Names come from the database and from the interfaces that are
there: nothing has to be told to it. All else it asks the host's servers, which a container might not reach
itself where they are on the host's loopback. A container whose networks are all internal gets no answer
from outside, for questions are a way out too.

    python -I -m engine.network.resolver ROOT RUN NETWORK READY-FD
"""

from __future__ import annotations

import fcntl
import os
import random
import select
import socket
import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ipaddress import ip_address, ip_network
from pathlib import Path
from threading import BoundedSemaphore

from engine.errors import LaminaError
from engine.linux.rtnetlink import Routing
from engine.network import dns, records, upstream
from engine.network.hosting import lock_of, on_host
from engine.network.models import Network
from engine.network.names import Asker, Names
from engine.network.resolving import open_mark
from engine.store.database import Database
from engine.store.layout import Layout

_WORKERS, _MOST_WAITING = 16, 256
_PATIENCE = 3.0  # seconds for one server to answer
_IDLE = 10.0  # seconds for a client to ask by TCP
_PORT = 53


class Resolver:
    """Answers on one network.

    :param network: whose gateway it listens at. :param lock: of who changes networks.
    """

    def __init__(self, network: Network, database: Database, lock: str) -> None:
        self._network = network
        self._lock = lock
        self._subnet = ip_network(network.subnet)
        self._names = Names(database, network.id)
        self._room = BoundedSemaphore(_MOST_WAITING)
        self._workers = ThreadPoolExecutor(_WORKERS)
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind((network.gateway, _PORT))
        self.streams = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.streams.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.streams.bind((network.gateway, _PORT))
        self.streams.listen(64)

    def serve(self) -> None:
        """Answer until nobody is plugged in any more."""
        with Routing(watch=True) as changes:
            while True:
                waited = [self.datagrams.fileno(), self.streams.fileno(), changes.fileno()]
                ready, _, _ = select.select(waited, [], [])
                if waited[0] in ready:
                    data, peer = self.datagrams.recvfrom(dns.LARGEST)
                    self._work(self._datagram, data, peer)
                if waited[1] in ready:
                    with suppress(OSError):
                        client, peer = self.streams.accept()
                        if not self._work(self._stream, client, peer):
                            client.close()
                if waited[2] in ready:
                    changes.drain()
                    if not _is_used(self._network) and self._ends():
                        return

    def _ends(self) -> bool:
        # Who plugs a container in holds the host, and starts a resolver if there is none.
        with on_host(self._lock):
            if _is_used(self._network):
                return False
            self.datagrams.close()
            self.streams.close()
            self._workers.shutdown(wait=False, cancel_futures=True)
            os._exit(0)

    def _work(self, job: object, *arguments: object) -> bool:
        if not self._room.acquire(blocking=False):
            return False
        self._workers.submit(self._do, job, *arguments)
        return True

    def _do(self, job: object, *arguments: object) -> None:
        assert callable(job)
        try:
            with suppress(OSError, LaminaError):
                job(*arguments)
        finally:
            self._room.release()

    def _datagram(self, data: bytes, peer: tuple[str, int]) -> None:
        reply = self._reply(data, peer[0], by_stream=False)
        if reply:
            self.datagrams.sendto(reply, peer)

    def _stream(self, client: socket.socket, peer: tuple[str, int]) -> None:
        with client:
            client.settimeout(_IDLE)
            while data := _receive(client):
                reply = self._reply(data, peer[0], by_stream=True)
                if not reply:
                    return
                client.sendall(struct.pack(">H", len(reply)) + reply)

    def _reply(self, data: bytes, address: str, by_stream: bool) -> bytes:
        question = dns.parse_question(data)
        if question is None:
            return b""
        if ip_address(address) not in self._subnet:
            return dns.refusal(question, dns.REFUSED)
        asker = self._names.asker(address)
        if question.kind in (dns.A, dns.AAAA):
            version = 6 if question.kind == dns.AAAA else 4
            found = self._names.addresses(asker, question.name, version)
            if found is not None:
                return dns.answer(question, found)
        elif question.kind == dns.PTR and (name := self._names.name(asker, question.name)):
            return dns.answer_name(question, [name])
        return _forwarded(data, question, asker, by_stream) or dns.refusal(question, dns.SERVER_FAILURE)


def main() -> int:
    """Leave whoever started this, listen, say so, and serve."""
    root, run, network_id, ready = sys.argv[1:5]
    if os.fork():
        return 0
    os.setsid()
    os.chdir("/")
    ready_fd = int(ready)
    layout = Layout(Path(root), Path(run))
    database = Database(layout)
    try:
        _mark(layout, network_id)
        with database.read() as db:
            network = records.find_network(db, network_id)
        resolver = Resolver(network, database, lock_of(layout.run))
    except (OSError, LaminaError) as error:
        os.write(ready_fd, str(error).encode())
        return 1
    os.write(ready_fd, b"\0")
    os.close(ready_fd)
    resolver.serve()
    return 0


def _mark(layout: Layout, network_id: str) -> None:
    """Hold the lock by which others know that a resolver runs, until the process ends."""
    fcntl.flock(open_mark(layout, network_id), fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_used(network: Network) -> bool:
    with Routing() as routing:
        bridge = routing.link(network.bridge)
        return bridge is not None and any(link.master == bridge.number for link in routing.links())


def _forwarded(data: bytes, question: dns.Question, asker: Asker, by_stream: bool) -> bytes:
    if not asker.outside:
        return b""
    for server in asker.servers or upstream.servers():
        with suppress(OSError, ValueError):
            reply = _ask(server, data, question, by_stream)
            if reply:
                return reply
    return b""


def _ask(server: str, data: bytes, question: dns.Question, by_stream: bool) -> bytes:
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    number = random.SystemRandom().randrange(1 << 16)
    with socket.socket(family, socket.SOCK_STREAM if by_stream else socket.SOCK_DGRAM) as outside:
        outside.settimeout(_PATIENCE)
        outside.connect((server, _PORT))  # so that nobody else's answer is taken
        asked = dns.with_id(data, number)
        outside.sendall(struct.pack(">H", len(asked)) + asked if by_stream else asked)
        reply = _receive(outside) if by_stream else outside.recv(dns.LARGEST)
    return dns.with_id(reply, question.number) if dns.is_answer_to(reply, number, question) else b""


def _receive(stream: socket.socket) -> bytes:
    """One message of a stream, b"" at its end. RFC 1035, 4.2.2"""
    length = _exactly(stream, 2)
    return _exactly(stream, int.from_bytes(length, "big")) if length else b""


def _exactly(stream: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = stream.recv(size - len(data))
        if not part:
            return b""
        data += part
    return data


if __name__ == "__main__":
    sys.exit(main())
