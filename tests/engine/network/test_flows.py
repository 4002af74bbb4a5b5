"""Flows of datagrams that outlive the container they led to."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from engine.linux.netns import inside
from tests.engine.network.world import HOST, HOST6, Host
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


@pytest.fixture(params=[HOST, HOST6], ids=["IPv4", "IPv6"])
def client(host: Host, request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    """A socket on the other host that keeps its port, and so its flow."""
    host("network", "create", "--ipv6", "six").ok()
    with inside(host.outside):
        made = socket.socket(socket.AF_INET6 if ":" in request.param else socket.AF_INET, socket.SOCK_DGRAM)
    with made:
        made.settimeout(0.3)
        made.connect((request.param, 8080))
        yield made


def _asked(client: socket.socket) -> str:
    try:
        client.send(b"?")
        return client.recv(1024).decode().partition(" ")[0]
    except OSError:
        return ""


def test_client_that_keeps_its_port_reaches_the_next_container(host: Host, client: socket.socket) -> None:
    host.serve("first", "-p", "8080:80/udp", network="six", protocol="udp")
    assert eventually(lambda: _asked(client) == "first")
    host.serve("idle", network="six")  # so that the next one has another address
    host("rm", "-f", "first").ok()
    assert _asked(client) == ""
    subnet: str = host("network", "inspect", "six").json()[0]["IPAM"]["Config"][0]["Subnet"]
    address = f"{subnet.rpartition('.')[0]}.77"
    host.serve("next", "-p", "8080:80/udp", "--ip", address, network="six", protocol="udp")
    assert eventually(lambda: _asked(client) == "next")


def test_client_that_sent_before_the_port_was_published_gets_through(
    host: Host, client: socket.socket
) -> None:
    assert _asked(client) == ""
    host.serve("web", "-p", "8080:80/udp", network="six", protocol="udp")
    assert eventually(lambda: _asked(client) == "web")
