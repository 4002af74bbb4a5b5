"""What people write after -p and --network."""

from __future__ import annotations

import pytest

from engine.cli.network_options import parse_attachment, parse_ports
from engine.errors import LaminaError
from engine.network.wishes import Attachment, Publish


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("80", [("", 0, 80, "tcp")]),
        ("8080:80", [("", 8080, 80, "tcp")]),
        ("8080:80/udp", [("", 8080, 80, "udp")]),
        ("127.0.0.1:8080:80", [("127.0.0.1", 8080, 80, "tcp")]),
        ("127.0.0.1::80", [("127.0.0.1", 0, 80, "tcp")]),
        ("[::1]:8080:80", [("::1", 8080, 80, "tcp")]),
        ("0.0.0.0:8080:80", [("", 8080, 80, "tcp")]),
        ("8080-8081:80-81", [("", 8080, 80, "tcp"), ("", 8081, 81, "tcp")]),
        ("0:80", [("", 0, 80, "tcp")]),
    ],
)
def test_ports_are_read(text: str, ports: list[tuple[str, int, int, str]]) -> None:
    assert parse_ports(text) == [Publish(*port) for port in ports]


@pytest.mark.parametrize(
    "text",
    ["", "x", "0", "80/icmp", "80/sctp", "70000:80", "8080-8081:80",
     "80:80:80:80", "1.2.3:80:80", "81-80", "²:80", "[::1:80"],
)  # fmt: skip
def test_ports_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(LaminaError):
        parse_ports(text)


def test_network_is_read_with_its_fields() -> None:
    assert parse_attachment("--network", "web") == Attachment("web")
    assert parse_attachment("--network", "name=web,alias=a,alias=b,ip=10.0.0.2") == Attachment(
        "web", "10.0.0.2", aliases=("a", "b")
    )
    assert parse_attachment("--network", "web,alias=a") == Attachment("web", aliases=("a",))


@pytest.mark.parametrize("text", ["", "alias=a", "web,colour=red", "web,alias", "web,alias=-x"])
def test_network_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(LaminaError):
        parse_attachment("--network", text)
