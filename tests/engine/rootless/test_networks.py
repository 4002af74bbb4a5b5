"""Networks of an ordinary user, where they differ from root's, and where something was killed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.engine.network.world import HOST, OUTSIDE, ask, listening, two_hosts
from tests.engine.rootless.world import OrdinaryUser, ordinary_user
from tests.support.command import Lamina
from tests.support.leaks import processes_of
from tests.support.peers import needs_programs
from tests.support.waiting import eventually

pytestmark = pytest.mark.system

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
_REACH = f"import socket; socket.create_connection(('{OUTSIDE}', 7000), 3)"


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
        from socket import SHUT_WR, create_connection

        from engine.linux.netns import inside

        try:
            with inside(self.outside):
                client = create_connection((HOST, 8080), 5)
            with client:
                client.sendall(bytes(size))
                client.shutdown(SHUT_WR)
                return client.recv(99).decode()
        except OSError:
            return ""


@pytest.fixture(scope="module", params=["subordinate", "single"])
def somewhere(request: pytest.FixtureRequest, image: str) -> Iterator[Place]:
    """A user with subordinate ids, and one with a single id."""
    needs_programs("ip", "nsenter", "slirp4netns")
    with ordinary_user(subordinate=request.param == "subordinate") as user:
        user("pull", "-q", image).ok()
        with two_hosts(Lamina(user.root)) as world:
            placed = replace(user, namespace=world.namespace)
            yield Place(placed, image, world.namespace, world.outside)


@pytest.fixture
def place(somewhere: Place) -> Iterator[Place]:
    """The same, whose containers are gone afterwards."""
    yield somewhere
    left = somewhere.user("ps", "-aq").ok().out.split()
    if left:
        somewhere.user("rm", "-f", *left).ok()


def _uplink(place: Place) -> int:
    mine = [one.pid for one in processes_of(place.user.home)]
    (pid,) = [pid for pid in mine if Path(f"/proc/{pid}/comm").read_text("ascii") == "lamina-uplink\n"]
    return pid


def test_large_streams_arrive_whole_in_both_directions(place: Place) -> None:
    place.serve("-p", "8080:80")
    assert eventually(lambda: place.sent(9_000_001) == f"9000001 from {OUTSIDE}", 10)


def test_outside_and_published_ports_are_back_after_their_process_was_killed(place: Place) -> None:
    place.serve("-p", "8080:80")
    assert eventually(lambda: place.sent(1) != "", 10)
    os.kill(_uplink(place), 9)
    assert eventually(lambda: place.sent(1) == "")
    place.user("run", "--rm", place.image, "true").ok()
    assert eventually(lambda: place.sent(2) == f"2 from {OUTSIDE}", 10)
    with listening(place.outside, OUTSIDE, 7000):
        place.user("exec", "server", "python3", "-c", _REACH).ok()
    place.user("rm", "-f", "server").ok()
    assert eventually(lambda: place.sent(1) == "")


def test_program_that_leads_outside_is_started_again(place: Place) -> None:
    place.serve()
    (program,) = Path(f"/proc/{(pid := _uplink(place))}/task/{pid}/children").read_text("ascii").split()
    os.kill(int(program), 9)
    with listening(place.outside, OUTSIDE, 7000):
        assert eventually(lambda: place.user("exec", "server", "python3", "-c", _REACH).code == 0, 10)


def test_services_of_the_hosts_loopback_are_out_of_reach(place: Place) -> None:
    place.serve()
    with listening(place.host, "127.0.0.1", 7000):
        for address in ("127.0.0.1", "10.0.2.2"):
            script = f"import socket; socket.create_connection(('{address}', 7000), 1)"
            assert place.user("exec", "server", "python3", "-c", script).code != 0


def test_port_of_root_is_refused_with_the_setting_that_opens_it(place: Place) -> None:
    done = place.user("run", "--rm", "-p", "80:80", place.image, "true")
    assert done.code == 125
    assert "net.ipv4.ip_unprivileged_port_start=80" in done.err


def test_nothing_is_left_when_the_last_container_has_ended(place: Place) -> None:
    place.serve("-p", "8080:80")
    place.user("rm", "-f", "server").ok()
    assert eventually(lambda: not processes_of(place.user.home), 15, every=0.2)
    assert ask(place.outside, HOST, 8080) == ""


def test_without_a_program_that_leads_outside_its_package_is_named(place: Place) -> None:
    bare = replace(place.user, path="/usr/sbin:/sbin")
    assert eventually(lambda: not processes_of(place.user.home), 15, every=0.2)
    done = bare("run", "--rm", place.image, "true")
    assert done.code == 125
    assert "sudo apt install slirp4netns" in done.err
    bare("run", "--rm", "--network", "none", place.image, "true").ok()
    missing = bare("info", "--format", "json").json()["rootless"]["missing"]
    assert any("slirp4netns" in json.dumps(one) for one in missing)
