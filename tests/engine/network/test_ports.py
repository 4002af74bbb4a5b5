"""Published ports at the edges: chosen by the kernel, of one address, of an address that leads nowhere."""

from __future__ import annotations

import socket

import pytest

from engine.linux.netns import inside
from engine.network.rules import TABLE
from tests.engine.network.world import HOST, HOST6, Host, ask
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


def test_port_left_open_is_chosen_and_reached_at_its_address_only(host: Host) -> None:
    host.serve("web", "-p", "127.0.0.1::80")
    (place,) = host("inspect", "web").json()[0]["NetworkSettings"]["Ports"]["80/tcp"]
    assert place["HostIp"] == "127.0.0.1"
    assert eventually(lambda: ask(host.namespace, "127.0.0.1", int(place["HostPort"])).startswith("web"))
    assert ask(host.outside, HOST, int(place["HostPort"])) == ""


def test_port_of_one_ipv6_address_is_reached_there(host: Host) -> None:
    host("network", "create", "--ipv6", "six").ok()
    host.serve("web", "-p", f"[{HOST6}]:8080:80", network="six")
    assert eventually(lambda: ask(host.outside, HOST6, 8080).startswith("web"))
    assert ask(host.outside, HOST, 8080) == ""


def test_port_of_the_ipv6_loopback_is_refused_rather_than_lost(host: Host) -> None:
    host("network", "create", "--ipv6", "six").ok()
    refused = host("run", "--rm", "--network", "six", "-p", "[::1]:8080:80", "lab/base", "true")
    assert refused.code == 125
    assert "publish at 127.0.0.1" in refused.err


def test_ipv6_address_wants_a_network_with_ipv6(host: Host) -> None:
    refused = host("run", "--rm", "-p", f"[{HOST6}]:8080:80", "lab/base", "true")
    assert refused.code == 125
    assert "has no IPv6" in refused.err
    assert host("ps", "-aq").ok().out == ""


def test_resolver_that_another_program_keeps_out_is_told_before_anything_starts(host: Host) -> None:
    host("network", "create", "web").ok()
    with inside(host.namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("0.0.0.0", 53))
        refused = host("run", "--rm", "--network", "web", "lab/base", "true")
    assert refused.code == 125
    assert "another program of the host answers at port 53" in refused.err
    assert "ss -lnp" in refused.err
    assert host("ps", "-aq").ok().out == ""
    host.run("--rm", "--network", "web", "lab/base", "true")


def test_ports_by_the_thousand_are_published_and_withdrawn(host: Host) -> None:
    host.serve("web", "-p", "20000-20999:80-1079", "-p", "20000-20049:53-102/udp")
    assert eventually(lambda: ask(host.outside, HOST, 20000).startswith("web"))
    with inside(host.namespace):
        assert len(TABLE.elements("all4")) == 1050
    host("rm", "-f", "web").ok()
    with inside(host.namespace):
        assert TABLE.elements("all4") == []


def test_elements_that_are_gone_keep_no_others(host: Host) -> None:
    host.serve("web", "-p", "8080-8089:80-89")
    with inside(host.namespace):
        found = TABLE.elements("all4")
        TABLE.remove(found[:3])
        assert TABLE.elements("all4") == found[3:]
        TABLE.remove(found)
        assert TABLE.elements("all4") == []
        TABLE.add(found)
        assert sorted(TABLE.elements("all4")) == sorted(found)
        wrong = [found[0], found[1]._replace(value=found[2].value)]
        with pytest.raises(FileExistsError):
            TABLE.add(wrong)
    host("rm", "-f", "web").ok()
