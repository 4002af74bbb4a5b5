"""The texts of /etc/hosts and /etc/resolv.conf."""

import pytest

from engine.containers.network_files import hosts_text, own_lines, resolver_text
from engine.network.models import Endpoint, Network
from engine.runtime.isolation import NO_NAMES, Names

HOST = "search corp.example\nnameserver 10.0.0.1\noptions ndots:2\n"


def test_nothing_asked_leaves_them_as_they_are() -> None:
    assert hosts_text("127.0.0.1\tlocalhost\n", NO_NAMES) == "127.0.0.1\tlocalhost\n"
    assert resolver_text(HOST, NO_NAMES) == HOST


def test_lines_are_added_to_hosts() -> None:
    assert hosts_text("x\n", Names(hosts=(("db", "10.1.1.1"),))) == "x\n10.1.1.1\tdb\n"


@pytest.mark.parametrize(
    ("hostname", "domain", "names"),
    [
        ("web", "", "web"),
        ("web.example.org", "", "web.example.org web"),
        ("web", "example.org", "web.example.org web"),
    ],
)
def test_its_own_name_stands_whole_and_up_to_its_first_point(hostname: str, domain: str, names: str) -> None:
    network = Network("n", "n", 0.0, "b", "10.1.1.0/24", "10.1.1.1", "", "", False, {})
    endpoint = Endpoint("c", network, 0, "10.1.1.2", "", "", ())
    assert own_lines(hostname, [endpoint], domain) == f"10.1.1.2\t{names}\n"


def test_servers_and_domains_take_the_place_of_the_hosts() -> None:
    asked = Names(servers=("9.9.9.9", "1.1.1.1"), search=("a.example", "b.example"))
    assert resolver_text(HOST, asked).splitlines() == [
        "options ndots:2", "nameserver 9.9.9.9", "nameserver 1.1.1.1", "search a.example b.example",
    ]  # fmt: skip


def test_a_dot_takes_the_domains_away() -> None:
    assert "search" not in resolver_text(HOST, Names(search=(".",)))
