"""Several hosts out of network namespaces: the one that containers run on, and one outside.

The host has 192.0.2.1 and 2001:db8::1 towards the other, which has 192.0.2.2 and 2001:db8::2 and knows
nothing of containers' addresses: what answers it, it reached by the host's own.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.linux.netns import inside, new_namespace
from tests.support.command import Lamina

HOST, OUTSIDE = "192.0.2.1", "192.0.2.2"
HOST6, OUTSIDE6 = "2001:db8::1", "2001:db8::2"
_PATIENCE = 10.0  # seconds
PEER = ("-v", f"{Path(__file__).with_name('peer.py')}:/peer.py:ro", "lab/python", "python3", "/peer.py")


@dataclass(frozen=True, slots=True)
class Host(Lamina):
    """Lamina on a host of its own.

    :param namespace: the host's network. :param outside: that of the other host.
    """

    namespace: int = -1
    outside: int = -1

    def words(self, *args: str) -> list[str]:
        """The command, in the host's network."""
        # Not super(): a dataclass with slots is another class than the one that methods were written in.
        return [*entering(self.namespace), *Lamina.words(self, *args)]

    def tool(self, *words: str) -> str:
        """What a program of this machine says in the host's network."""
        done = subprocess.run([*entering(self.namespace), *words], capture_output=True, check=True)
        return done.stdout.decode()

    def serve(self, name: str, *options: str, network: str = "bridge", protocol: str = "tcp") -> str:
        """Start a container that tells whoever comes to port 80 from where it came; its id."""
        words = ("-d", "--name", name, "--network", network, "--stop-signal", "KILL", *options)
        return self.run(*words, *PEER, "serve", protocol, name)

    def run(self, *words: str) -> str:
        """`lamina run`, and what it said."""
        return self("run", *words).ok().out.strip()

    def asked_from(self, network: str, host: str, port: int = 80) -> str:
        """What a server says to a container of a network; "" when nobody answers."""
        return self("run", "--rm", "--network", network, *PEER, "ask", host, str(port)).out.strip()


@contextmanager
def two_hosts(root: Host | Lamina) -> Iterator[Host]:
    """A host for the containers of a store, and one outside."""
    host, outside = new_namespace(), new_namespace()
    try:
        _link(host, outside)
        yield Host(root.root, host, outside)
    finally:
        os.close(host)
        os.close(outside)


def entering(namespace: int) -> list[str]:
    """Words before a command that is to run in a namespace."""
    return ["nsenter", f"--net=/proc/{os.getpid()}/fd/{namespace}"]


def ask(namespace: int, address: str, port: int, protocol: str = "tcp", patience: float = _PATIENCE) -> str:
    """What a server says; "" when nobody answers. :param patience: seconds; datagrams have half of them."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with inside(namespace):
        client = socket.socket(family, kind)
    with client:
        client.settimeout(patience if protocol == "tcp" else patience / 2)
        try:
            client.connect((address, port))
            if protocol == "udp":
                client.send(b"?")
            return client.recv(4096).decode().strip()
        except OSError:
            return ""


@contextmanager
def listening(namespace: int, address: str, port: int) -> Iterator[socket.socket]:
    """A server's socket in a namespace; accepts and tells nothing by itself."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with inside(namespace):
        server = socket.socket(family, socket.SOCK_STREAM)
    with server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, port))
        server.listen()
        server.settimeout(_PATIENCE)
        yield server


@contextmanager
def name_server(namespace: int, address: str) -> Iterator[None]:
    """A name server in a namespace, for which everything is 198.51.100.7."""
    with inside(namespace):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))

    def serve() -> None:
        while True:
            data, peer = server.recvfrom(512)
            if not data:
                return
            kind = struct.unpack_from(">H", data, data.index(b"\0", 12) + 1)[0]
            record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton("198.51.100.7")
            count = int(kind == 1)
            question = data[12 : data.index(b"\0", 12) + 5]
            head = data[:2] + struct.pack(">HHHHH", 0x8180, 1, count, 0, 0)
            server.sendto(head + question + record * count, peer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        with inside(namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (address, 53))
        thread.join()
        server.close()


def _link(host: int, outside: int) -> None:
    pid = os.getpid()
    own = [*entering(host), "ip"]
    subprocess.run([*own, "link", "set", "lo", "up"], check=True)
    subprocess.run([*entering(outside), "ip", "link", "set", "lo", "up"], check=True)
    peer = ["peer", "name", "out0", "netns", f"/proc/{pid}/fd/{outside}"]
    subprocess.run([*own, "link", "add", "host0", "type", "veth", *peer], check=True)
    for namespace, name, addresses in (
        (host, "host0", (HOST, HOST6)),
        (outside, "out0", (OUTSIDE, OUTSIDE6)),
    ):
        tool = [*entering(namespace), "ip"]
        subprocess.run([*tool, "addr", "add", f"{addresses[0]}/24", "dev", name], check=True)
        subprocess.run([*tool, "addr", "add", f"{addresses[1]}/64", "dev", name, "nodad"], check=True)
        subprocess.run([*tool, "link", "set", name, "up"], check=True)
    subprocess.run([*own, "route", "add", "default", "via", OUTSIDE], check=True)
    # Whoever asks for a host beyond hears at once that there is none: the name servers of the machine.
    with inside(outside):
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1", "ascii")
    subprocess.run([*entering(outside), "ip", "route", "add", "unreachable", "default"], check=True)
