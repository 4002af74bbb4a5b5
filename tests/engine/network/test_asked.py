"""What is asked of networks, addresses and ports is what there is."""

from __future__ import annotations

import pytest

from tests.engine.network.world import HOST, OUTSIDE, PEER, Host, ask
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


def test_container_is_on_several_networks_with_the_addresses_it_asked_for(host: Host) -> None:
    host("network", "create", "--subnet", "10.91.0.0/24", "one").ok()
    host("network", "create", "--subnet", "10.92.0.0/24", "two").ok()
    first, second = "one,ip=10.91.0.7,mac-address=02:00:00:00:00:07", "two,ip=10.92.0.9,alias=shop"
    host.run("-d", "--name", "web", "--network", first, "--network", second, *PEER, "serve", "tcp", "web")
    found = host("inspect", "web").json()[0]["NetworkSettings"]["Networks"]
    assert {name: each["IPAddress"] for name, each in found.items()} == {
        "one": "10.91.0.7",
        "two": "10.92.0.9",
    }
    assert found["one"]["MacAddress"] == "02:00:00:00:00:07"
    cards = host("exec", "web", "cat", "/sys/class/net/eth0/address", "/sys/class/net/eth1/address").ok()
    assert cards.out.splitlines()[0] == "02:00:00:00:00:07"
    assert cards.out.splitlines()[1] == found["two"]["MacAddress"]
    assert eventually(lambda: host.asked_from("one", "web").startswith("web "))
    assert host.asked_from("two", "shop").startswith("web ")


def test_network_has_the_subnet_gateway_and_labels_it_was_made_with(host: Host) -> None:
    words = ("--subnet", "10.93.0.0/24", "--gateway", "10.93.0.254", "--label", "kind=shop")
    host("network", "create", *words, "web").ok()
    (found,) = host("network", "inspect", "web").json()
    assert found["IPAM"]["Config"][0] == {"Subnet": "10.93.0.0/24", "Gateway": "10.93.0.254"}
    assert found["Labels"] == {"kind": "shop"}
    assert "via 10.93.0.254" in _route(host, "web")


def _route(host: Host, network: str) -> str:
    """A container's way out, as the kernel there has it."""
    routes = host.run("--rm", "--network", network, "lab/base", "cat", "/proc/net/route").splitlines()
    words = next(line.split() for line in routes[1:] if line.split()[1] == "00000000")
    return "via " + ".".join(str(each) for each in reversed(bytes.fromhex(words[2])))


def test_range_of_ports_is_published_one_by_one(host: Host) -> None:
    host.serve("web", "-p", "8080-8082:79-81")
    assert eventually(lambda: ask(host.outside, HOST, 8081) == f"web {OUTSIDE}")
    lines = [f"{79 + each}/tcp -> 0.0.0.0:{8080 + each}" for each in range(3)]
    assert host("port", "web").ok().out.splitlines() == lines


def test_every_exposed_port_is_published(host: Host) -> None:
    host.serve("web", "-P", "--expose", "80", "--expose", "53/udp")
    ports = host("inspect", "web").json()[0]["NetworkSettings"]["Ports"]
    assert set(ports) == {"80/tcp", "53/udp"}
    port = int(ports["80/tcp"][0]["HostPort"])
    assert eventually(lambda: ask(host.outside, HOST, port) == f"web {OUTSIDE}")


def test_network_of_another_container_is_shared_whole(host: Host) -> None:
    host.serve("web")
    assert eventually(lambda: host.asked_from("container:web", "127.0.0.1").startswith("web "))
