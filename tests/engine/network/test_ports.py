"""Published ports at the edges: chosen by the kernel, of one address, of an address that leads nowhere."""

from __future__ import annotations

import socket

import pytest

from engine.linux.netns import inside
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
