"""The ways of packets: between containers, outwards, from outside; and the ways that are closed."""

from __future__ import annotations

import os

import pytest

from engine.linux.netns import namespace_of
from tests.engine.network.world import HOST, HOST6, OUTSIDE, OUTSIDE6, PEER, Host, ask, listening
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


def _address(host: Host, container: str, network: str = "bridge", key: str = "IPAddress") -> str:
    settings = host("inspect", container).json()[0]["NetworkSettings"]["Networks"]
    return str(settings[network][key])


def test_outside_is_reached_with_the_hosts_address(host: Host) -> None:
    with listening(host.outside, OUTSIDE, 7000) as server:
        host.run("-d", *PEER, "ask", OUTSIDE, "7000")
        client, peer = server.accept()
        client.close()
    assert peer[0] == HOST


def test_published_port_is_reached_from_outside_and_sees_who_comes(host: Host) -> None:
    host.serve("web", "-p", "8080:80")
    assert eventually(lambda: ask(host.outside, HOST, 8080))
    assert ask(host.outside, HOST, 8080) == f"web {OUTSIDE}"


def test_published_udp_port_is_reached_from_outside(host: Host) -> None:
    host.serve("web", "-p", "8080:80/udp", protocol="udp")
    assert eventually(lambda: OUTSIDE in ask(host.outside, HOST, 8080, "udp"))


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_ports_are_published_for_ipv6_too(host: Host, protocol: str) -> None:
    host("network", "create", "--ipv6", "six").ok()
    host.serve("web", "-p", f"8080:80/{protocol}", network="six", protocol=protocol)
    assert eventually(lambda: OUTSIDE6 in ask(host.outside, HOST6, 8080, protocol))
    assert OUTSIDE in ask(host.outside, HOST, 8080, protocol)


def test_outside_is_reached_by_ipv6(host: Host) -> None:
    host("network", "create", "--ipv6", "six").ok()
    with listening(host.outside, OUTSIDE6, 7000) as server:
        host.run("-d", "--network", "six", *PEER, "ask", OUTSIDE6, "7000")
        client, peer = server.accept()
        client.close()
    assert peer[0] == HOST6


@pytest.mark.parametrize("address", ["127.0.0.1", HOST])
def test_published_port_is_reached_from_the_host_itself(host: Host, address: str) -> None:
    host.serve("web", "-p", "8080:80")
    assert eventually(lambda: ask(host.namespace, address, 8080).startswith("web"))


def test_port_of_one_address_is_reached_there_only(host: Host) -> None:
    host.serve("web", "-p", "127.0.0.1:8080:80")
    assert eventually(lambda: ask(host.namespace, "127.0.0.1", 8080))
    assert ask(host.outside, HOST, 8080) == ""


def test_containers_reach_published_ports_by_the_hosts_address(host: Host) -> None:
    host("network", "create", "other").ok()
    host.serve("web", "-p", "8080:80")
    assert eventually(lambda: ask(host.namespace, HOST, 8080))
    for network in ("bridge", "other"):
        assert host.asked_from(network, HOST, 8080).startswith("web")


def test_container_reaches_its_own_published_port(host: Host) -> None:
    host.serve("web", "-p", "8080:80")
    assert eventually(lambda: ask(host.namespace, HOST, 8080))
    own = namespace_of(host("inspect", "web").json()[0]["State"]["Pid"])
    assert ask(own, HOST, 8080).startswith("web")
    os.close(own)


def test_networks_are_closed_to_each_other(host: Host) -> None:
    host("network", "create", "other").ok()
    host.serve("web")
    address = _address(host, "web")
    assert eventually(lambda: host.asked_from("bridge", address).startswith("web"))
    assert host.asked_from("other", address) == ""


def test_port_that_is_not_published_is_closed_to_outside(host: Host) -> None:
    host.serve("web")
    address = _address(host, "web")
    assert eventually(lambda: ask(host.namespace, address, 80))
    Host(host.root, host.outside).tool("ip", "route", "add", address, "via", HOST)
    assert ask(host.outside, address, 80) == ""


def test_internal_network_has_no_way_out_and_none_in(host: Host) -> None:
    host("network", "create", "--internal", "inner").ok()
    host.serve("web", network="inner")
    assert eventually(lambda: host.asked_from("inner", "web").startswith("web"))
    with listening(host.outside, OUTSIDE, 7000):
        assert host.asked_from("inner", OUTSIDE, 7000) == ""
    refused = host("run", "--rm", "--network", "inner", "-p", "8080:80", "lab/base", "true")
    assert refused.code == 125
    assert "outside" in refused.err


def test_hosts_loopback_is_closed_to_containers(host: Host) -> None:
    host.serve("web", "--cap-add", "NET_ADMIN")
    inside_web = namespace_of(host("inspect", "web").json()[0]["State"]["Pid"])
    gateway = host("inspect", "web").json()[0]["NetworkSettings"]["Gateway"]
    try:
        other = Host(host.root, inside_web)
        other.tool("ip", "addr", "del", "127.0.0.1/8", "dev", "lo")
        other.tool("ip", "route", "add", "127.0.0.1", "via", gateway)
        with listening(host.namespace, "127.0.0.1", 7000) as server:
            ask(inside_web, "127.0.0.1", 7000)
            server.settimeout(0.1)
            with pytest.raises(TimeoutError):
                server.accept()
    finally:
        os.close(inside_web)


def test_container_leaves_and_joins_networks_while_it_runs(host: Host) -> None:
    for name in ("one", "two"):
        host("network", "create", name).ok()
    host.serve("web", "-p", "8080:80", network="one")
    assert eventually(lambda: ask(host.outside, HOST, 8080))
    host("network", "connect", "--alias", "shop", "two", "web").ok()
    assert host.asked_from("two", "shop").startswith("web")
    host("network", "disconnect", "one", "web").ok()
    assert ask(host.outside, HOST, 8080).startswith("web")
    assert host.asked_from("one", "web") == ""
    host("network", "connect", "one", "web").ok()
    assert host.asked_from("one", "web").startswith("web")
