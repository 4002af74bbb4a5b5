"""The same of images, containers, volumes and networks, for root and for an ordinary user."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.engine.network.world import HOST, HOST6, OUTSIDE, OUTSIDE6, Host, ask, listening, two_hosts
from tests.engine.rootless.world import OrdinaryUser, ordinary_user
from tests.support import leaks
from tests.support.command import Finished, Lamina
from tests.support.peers import needs_programs
from tests.support.waiting import eventually

pytestmark = pytest.mark.system

_SERVE = """
import socket, sys
kind = socket.SOCK_STREAM if sys.argv[1] == "tcp" else socket.SOCK_DGRAM
server = socket.socket(socket.AF_INET6, kind)
server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
server.bind(("::", 80))
name = lambda who: ("%s %s" % (sys.argv[2], who[0].removeprefix("::ffff:"))).encode()
if kind == socket.SOCK_STREAM: server.listen()
while True:
    if kind == socket.SOCK_DGRAM:
        _, who = server.recvfrom(100)
        server.sendto(name(who), who)
        continue
    client, who = server.accept()
    client.sendall(name(who))
    client.close()
"""
_ASK = "import socket, sys; "
_ASK += "print(socket.create_connection((sys.argv[1], int(sys.argv[2])), 1.5).recv(99).decode())"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a store, on a host of his own with another one outside."""

    lamina: Host | OrdinaryUser
    image: str
    host: int
    outside: int

    @property
    def shared(self) -> Path:
        """A directory of his own."""
        return self.lamina.root.parent if isinstance(self.lamina, OrdinaryUser) else self.lamina.root

    def __call__(self, *words: str, stdin: str = "") -> Finished:
        """Run a command of Lamina to its end."""
        return self.lamina(*words, stdin=stdin)

    def run(self, *words: str) -> Finished:
        """Run a container of the image."""
        return self("run", *words[:-1], self.image, "sh", "-c", words[-1])

    def serve(self, name: str, *options: str, protocol: str = "tcp") -> None:
        """Start a container that tells whoever comes to its port 80 from where he came."""
        words = ("run", "-d", "--name", name, "--stop-signal", "KILL", *options, self.image)
        self(*words, "python3", "-c", _SERVE, protocol, name).ok()

    def asked_from(self, network: str, place: str, port: int = 80) -> str:
        """What a server says to a container of a network; "" when nobody answers."""
        words = ("run", "--rm", "--network", network, self.image)
        return self(*words, "python3", "-c", _ASK, place, str(port)).out.strip()


@pytest.fixture(scope="module", params=["root", "user"])
def somebody(request: pytest.FixtureRequest, image: str) -> Iterator[Person]:
    """Root, and a user with subordinate ids; both have pulled the image."""
    needs_programs("ip", "nft", "nsenter", "slirp4netns")
    if request.param == "root":
        with leaks.scratch_store() as root:
            Lamina(root)("pull", "-q", image).ok()
            with two_hosts(Lamina(root)) as world:
                yield Person(world, image, world.namespace, world.outside)
    else:
        with ordinary_user(subordinate=True) as user:
            user("pull", "-q", image).ok()
            with two_hosts(Lamina(user.root)) as world:
                placed = replace(user, namespace=world.namespace)
                yield Person(placed, image, world.namespace, world.outside)


@pytest.fixture
def person(somebody: Person) -> Iterator[Person]:
    """The same, whose containers, volumes and networks are gone afterwards."""
    yield somebody
    left = somebody("ps", "-aq").ok().out.split()
    if left:
        somebody("rm", "-f", *left).ok()
    somebody("volume", "prune", "-af").ok()
    somebody("network", "prune", "-f").ok()


def test_pulled_image_is_listed_with_its_size(person: Person) -> None:
    assert "test/house" in str(person("images", "--format", "json").json())


def test_program_runs_as_the_images_users(person: Person) -> None:
    script = "id -u; stat -c %u:%g /etc/shadow"
    assert person.run("--rm", "--network", "none", script).ok().out == "0\n0:42\n"
    assert person.run("--rm", "--network", "none", "-u", "www-data", "id -u").ok().out == "33\n"


def test_exit_code_output_and_input_are_the_programs(person: Person) -> None:
    words = ("--rm", "-i", "--network", "none", person.image, "sh", "-c", "cat; echo bad >&2; exit 7")
    done = person("run", *words, stdin="words")
    assert (done.code, done.out, done.err) == (7, "words", "bad\n")


def test_exec_and_logs(person: Person) -> None:
    person.run("-d", "--name", "box", "--network", "none", "echo begun; sleep 100").ok()
    assert (
        person("exec", "-w", "/tmp", "-e", "A=b", "box", "sh", "-c", "pwd; echo $A").ok().out == "/tmp\nb\n"
    )
    assert eventually(lambda: person("logs", "box").ok().out == "begun\n")


def test_stats_tell_of_a_running_container(person: Person) -> None:
    person.run("-d", "--name", "box", "--network", "none", "sleep 100").ok()
    assert "box" in person("stats", "--no-stream").ok().out


def test_volume_is_filled_kept_and_refused_while_used(person: Person) -> None:
    person.run(
        "--name", "one", "--network", "none", "-v", "kept:/var/lib/dpkg", "echo two > /var/lib/dpkg/two"
    ).ok()
    assert person("volume", "rm", "kept").code != 0
    done = person.run(
        "--rm", "--network", "none", "-v", "kept:/data:ro", "cat /data/info/one /data/two; > /data/x"
    )
    assert done.out == "one\ntwo\n"
    assert done.code != 0


def test_volume_is_written_to_an_archive_and_read_from_it_with_its_owners(person: Person) -> None:
    person.run("--rm", "--network", "none", "-v", "one:/d", "echo word > /d/f && chown 33:42 /d/f").ok()
    archive = str(person.shared / "volume.tar")
    person("volume", "export", "-o", archive, "one").ok()
    person("volume", "create", "two").ok()
    person("volume", "import", "two", archive).ok()
    done = person.run("--rm", "--network", "none", "-v", "two:/d:ro", "cat /d/f; stat -c %u:%g /d/f")
    assert done.ok().out == "word\n33:42\n"


def test_containers_find_each_other_by_name(person: Person) -> None:
    person("network", "create", "web").ok()
    person.serve("server", "--network", "web", "--network-alias", "other")
    assert eventually(lambda: person.asked_from("web", "server").startswith("server "))
    assert person.asked_from("web", "other").startswith("server ")
    assert person.asked_from("bridge", "server") == ""


def test_networks_are_apart(person: Person) -> None:
    person("network", "create", "web").ok()
    person.serve("server", "--network", "web")
    address = json.loads(person("inspect", "server").ok().out)[0]["NetworkSettings"]["IPAddress"]
    assert eventually(lambda: person.asked_from("web", address) != "")
    assert person.asked_from("bridge", address) == ""


def test_outside_is_reached_but_not_from_an_internal_network(person: Person) -> None:
    person("network", "create", "--internal", "inner").ok()
    with listening(person.outside, OUTSIDE, 8080) as server:
        script = f"import socket; socket.create_connection(('{OUTSIDE}', 8080), 3)"
        assert person("run", "--rm", person.image, "python3", "-c", script).code == 0
        client, address = server.accept()
        client.close()
        assert address[0] == HOST
        words = ("run", "--rm", "--network", "inner", person.image, "python3", "-c", script)
        assert person(*words).code != 0


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_published_port_is_reached_with_the_source_kept(person: Person, protocol: str) -> None:
    person.serve("server", "-p", f"8080:80/{protocol}", protocol=protocol)
    assert eventually(lambda: ask(person.outside, HOST, 8080, protocol) == f"server {OUTSIDE}")
    assert ask(person.host, "127.0.0.1", 8080, protocol).startswith("server ")
    assert ask(person.host, HOST, 8080, protocol).startswith("server ")


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_published_port_is_reached_by_ipv6_with_the_source_kept(person: Person, protocol: str) -> None:
    person("network", "create", "--ipv6", "six").ok()
    person.serve("server", "--network", "six", "-p", f"8080:80/{protocol}", protocol=protocol)
    assert eventually(lambda: ask(person.outside, HOST6, 8080, protocol) == f"server {OUTSIDE6}")
    assert ask(person.outside, HOST, 8080, protocol) == f"server {OUTSIDE}"
    assert ask(person.host, HOST6, 8080, protocol).startswith("server ")


def test_outside_and_each_other_are_reached_by_ipv6(person: Person) -> None:
    person("network", "create", "--ipv6", "six").ok()
    person.serve("server", "--network", "six")
    address = json.loads(person("inspect", "server").ok().out)[0]["NetworkSettings"]["Networks"]["six"]
    assert eventually(
        lambda: person.asked_from("six", address["GlobalIPv6Address"]).startswith("server "), 10
    )
    with listening(person.outside, OUTSIDE6, 8080) as server:
        script = f"import socket; socket.create_connection(('{OUTSIDE6}', 8080), 3)"
        person("run", "--rm", "--network", "six", person.image, "python3", "-c", script).ok()
        client, peer = server.accept()
        client.close()
        assert peer[0] == HOST6


def test_port_of_one_address_is_reached_by_that_alone(person: Person) -> None:
    person.serve("server", "-p", "127.0.0.1:8081:80")
    assert eventually(lambda: ask(person.host, "127.0.0.1", 8081) != "")
    assert ask(person.outside, HOST, 8081) == ""


def test_taken_port_is_refused_before_anything_starts(person: Person) -> None:
    person.serve("server", "-p", "8080:80")
    done = person.run("--rm", "-p", "8080:80", "echo ran")
    assert (done.code, done.out) == (125, "")
    assert "8080" in done.err
    with listening(person.host, HOST, 8082):
        done = person.run("--rm", "-p", "8082:80", "echo ran")
    assert (done.code, done.out) == (125, "")


def test_ports_are_free_again_after_the_end(person: Person) -> None:
    for name in ("first", "second"):
        person.serve(name, "-p", "8080:80")
        assert eventually(lambda name=name: ask(person.outside, HOST, 8080).startswith(name))  # type: ignore[misc]
        person("kill", name).ok()
        person("wait", name).ok()
    assert ask(person.outside, HOST, 8080) == ""


def test_container_moves_to_another_network_while_it_runs(person: Person) -> None:
    for name in ("one", "two"):
        person("network", "create", name).ok()
    person.serve("server", "--network", "one", "-p", "8080:80")
    person("network", "connect", "two", "server").ok()
    assert eventually(lambda: person.asked_from("two", "server") != "")
    person("network", "disconnect", "one", "server").ok()
    assert ask(person.outside, HOST, 8080) == f"server {OUTSIDE}"
    assert person.asked_from("one", "server") == ""


def test_restarted_container_has_its_address_and_port_again(person: Person) -> None:
    person.serve("server", "-p", "8080:80")
    before = json.loads(person("inspect", "server").ok().out)[0]["NetworkSettings"]["IPAddress"]
    person("restart", "-t", "0", "server").ok()
    assert json.loads(person("inspect", "server").ok().out)[0]["NetworkSettings"]["IPAddress"] == before
    assert eventually(lambda: ask(person.outside, HOST, 8080) == f"server {OUTSIDE}")


def test_the_way_of_a_packet_is_shown(person: Person) -> None:
    person.serve("server", "-p", "8080:80")
    found = json.loads(person("network", "inspect", "bridge").ok().out)[0]
    (member,) = found["Containers"].values()
    hops = [hop for hop in member["Path"] if hop["Kind"] in ("interface", "pair", "bridge", "outside")]
    assert [hop["Up"] for hop in hops] == [True] * 4
