"""Subnets and addresses, chosen and given."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from engine.errors import Conflict, InvalidArgument
from engine.network import pools


def test_free_subnet_overlaps_none_that_is_taken() -> None:
    first = pools.free_subnet([])
    second = pools.free_subnet([first])
    assert not first.overlaps(second)
    assert not pools.free_subnet([ip_network("10.204.0.0/14")]).overlaps(ip_network("10.204.0.0/14"))


@pytest.mark.parametrize(
    "text", ["", "10.0.0.0", "10.0.0.1/24", "127.0.0.0/8", "10.0.0.0/31", "fd00::/64", "x/8"]
)
def test_subnet_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        pools.parse_subnet("--subnet", text, 4)


def test_free_address_is_neither_gateway_nor_taken() -> None:
    assert pools.free_address("10.0.0.0/30", "10.0.0.1", set(), "n") == "10.0.0.2"
    with pytest.raises(Conflict):
        pools.free_address("10.0.0.0/30", "10.0.0.1", {"10.0.0.2"}, "n")


def test_address_must_be_a_hosts_in_the_subnet() -> None:
    subnet = ip_network("10.0.0.0/24")
    assert str(pools.parse_address("--ip", "10.0.0.9", subnet)) == "10.0.0.9"
    for text in ("10.0.1.9", "10.0.0.0", "10.0.0.255", "web"):
        with pytest.raises(InvalidArgument):
            pools.parse_address("--ip", text, subnet)


@pytest.mark.parametrize("text", ["", "02:42", "01:00:00:00:00:00", "00:00:00:00:00:00", "zz:42:0a:00:00:01"])
def test_mac_that_no_interface_can_have_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        pools.check_mac(text)


def test_mac_is_written_in_one_way() -> None:
    assert pools.check_mac("02-42-0A-00-00-01") == "02:42:0a:00:00:01"


def test_ipv6_address_stands_where_the_ipv4_one_does() -> None:
    assert pools.twin_address("10.204.0.0/20", "10.204.1.2", "fd00::/64") == "fd00::102"


def test_narrow_ipv6_subnet_has_no_such_place() -> None:
    assert pools.twin_address("10.204.0.0/20", "10.204.1.2", "fd00::/126") == ""
