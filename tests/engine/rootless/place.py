"""A user on a host with another one outside, and a server of his in a container."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from socket import SHUT_WR, create_connection

from engine.linux.netns import inside
from tests.engine.network.world import HOST, OUTSIDE, two_hosts
from tests.engine.rootless.world import OrdinaryUser, ordinary_user
from tests.support.command import Lamina
from tests.support.leaks import processes_of

_SERVE = """
import socket, sys
server = socket.create_server(("0.0.0.0", 80))
while True:
    client, who = server.accept()
    data = b""
    while part := client.recv(1 << 16): data += part
    client.sendall(b"%d from %s" % (len(data), who[0].encode()))
    client.close()
"""
REACH = f"import socket; socket.create_connection(('{OUTSIDE}', 7000), 3)"


@dataclass(frozen=True, slots=True)
class Place:
    """A user on a host, and another host outside."""

    user: OrdinaryUser
    image: str
    host: int
    outside: int

    def serve(self, *options: str) -> None:
        """Start a container that counts what a client sends."""
        words = ("run", "-d", "--name", "server", "--stop-signal", "KILL", *options, self.image)
        self.user(*words, "python3", "-c", _SERVE).ok()

    def sent(self, size: int) -> str:
        """What it says to a client outside who sends so many bytes."""
        try:
            with inside(self.outside):
                client = create_connection((HOST, 8080), 5)
            with client:
                client.sendall(bytes(size))
                client.shutdown(SHUT_WR)
                return client.recv(99).decode()
        except OSError:
            return ""

    def uplink(self) -> int:
        """The pid of the process that keeps his containers' network namespace."""
        mine = [one.pid for one in processes_of(self.user.home)]
        (pid,) = [pid for pid in mine if Path(f"/proc/{pid}/comm").read_text("ascii") == "lamina-uplink\n"]
        return pid

    def inside(self, *words: str) -> str:
        """What a program of the machine says in the network namespace that his containers share."""
        tasks = Path(f"/proc/{self.uplink()}/task")
        own = os.readlink(tasks.parent / "ns/net")
        (shared,) = [task / "ns/net" for task in tasks.iterdir() if os.readlink(task / "ns/net") != own]
        done = subprocess.run(["nsenter", f"--net={shared}", *words], capture_output=True, check=True)
        return done.stdout.decode()

    def program(self) -> tuple[int, str]:
        """The pid and the file of the program that leads it outside."""
        (pid,) = Path(f"/proc/{(own := self.uplink())}/task/{own}/children").read_text("ascii").split()
        return int(pid), os.readlink(f"/proc/{pid}/exe")


@contextmanager
def placed(image: str, *, subordinate: bool = True) -> Iterator[Place]:
    """A user who has pulled an image, on a host of his own."""
    with ordinary_user(subordinate) as user:
        user("pull", "-q", image).ok()
        with two_hosts(Lamina(user.root)) as world:
            yield Place(replace(user, namespace=world.namespace), image, world.namespace, world.outside)


def cleared(place: Place) -> None:
    """Remove his containers and networks."""
    left = place.user("ps", "-aq").ok().out.split()
    if left:
        place.user("rm", "-f", *left).ok()
