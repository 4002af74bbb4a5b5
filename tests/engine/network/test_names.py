"""Containers find each other by name, and the rest of the world by the host's servers."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest

from tests.engine.network.world import OUTSIDE, PEER, Host, name_server
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


def _find(host: Host, network: str, name: str, *options: str) -> str:
    return host("run", "--rm", "--network", network, *options, *PEER, "find", name).out.strip()


def _resolvers(host: Host) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            words = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
            if b"engine.network.resolver" in words and os.fsencode(host.root) in words:
                found.append(int(entry.name))
    return found


def test_container_is_found_by_name_alias_and_id(host: Host) -> None:
    host("network", "create", "web").ok()
    container = host.serve("db", "--network-alias", "store", "--ip", _some_address(host), network="web")
    for name in ("db", "store", container[:12], "DB", "db.web"):
        assert _find(host, "web", name) == _some_address(host)


def test_only_who_runs_is_found(host: Host) -> None:
    host("network", "create", "web").ok()
    host.serve("db", network="web")
    assert _find(host, "web", "db")
    host("stop", "db").ok()
    assert eventually(lambda: not _find(host, "web", "db"))


def test_names_of_other_networks_are_not_found(host: Host) -> None:
    for name in ("one", "two"):
        host("network", "create", name).ok()
    host.serve("db", network="one")
    assert _find(host, "two", "db") == ""


def test_all_of_one_alias_are_found(host: Host) -> None:
    host("network", "create", "web").ok()
    for name in ("a", "b"):
        host.serve(name, "--network-alias", "both", network="web")
    assert len(_find(host, "web", "both").split()) == 2


def test_ipv6_addresses_are_found(host: Host) -> None:
    host("network", "create", "--ipv6", "six").ok()
    host.serve("db", network="six")
    assert any(":" in address for address in _find(host, "six", "db").split())


@pytest.mark.parametrize("network", ["bridge", "web"])
def test_other_names_are_asked_outside(host: Host, network: str) -> None:
    if network != "bridge":
        host("network", "create", network).ok()
    with name_server(host.outside, OUTSIDE):
        assert _find(host, network, "www.example.com", "--dns", OUTSIDE) == "198.51.100.7"


def test_internal_network_asks_nobody_outside(host: Host) -> None:
    host("network", "create", "--internal", "inner").ok()
    with name_server(host.outside, OUTSIDE):
        assert _find(host, "inner", "www.example.com", "--dns", OUTSIDE) == ""


def test_killed_resolver_is_there_again_with_the_next_start(host: Host) -> None:
    host("network", "create", "web").ok()
    host.serve("db", network="web")
    (resolver,) = _resolvers(host)
    os.kill(resolver, signal.SIGKILL)
    assert eventually(lambda: not _resolvers(host))
    assert _find(host, "web", "db")


def test_resolver_ends_with_the_last_container(host: Host) -> None:
    host("network", "create", "web").ok()
    host.serve("a", network="web")
    host.serve("b", network="web")
    assert len(_resolvers(host)) == 1
    host("rm", "-f", "a", "b").ok()
    assert eventually(lambda: not _resolvers(host))


def test_own_name_and_added_hosts_are_in_the_hosts_file(host: Host) -> None:
    options = ("--hostname", "here", "--add-host", "there:192.0.2.9", "--add-host", "up:host-gateway")
    lines = host.run("--rm", *options, "lab/base", "cat", "/etc/hosts").splitlines()
    gateway = host("network", "inspect", "bridge").json()[0]["IPAM"]["Config"][0]["Gateway"]
    assert "192.0.2.9\tthere" in lines
    assert f"{gateway}\tup" in lines
    assert lines[-1].endswith("\there")


def test_resolver_options_are_written(host: Host) -> None:
    said = host.run(
        "--rm", "--dns", OUTSIDE, "--dns-option", "ndots:3", "--dns-search", "a.example", "lab/base",
        "cat", "/etc/resolv.conf",
    )  # fmt: skip
    assert said.splitlines() == [f"nameserver {OUTSIDE}", "search a.example", "options ndots:3"] or set(
        said.splitlines()
    ) == {f"nameserver {OUTSIDE}", "search a.example", "options ndots:3"}


def _some_address(host: Host) -> str:
    subnet: str = host("network", "inspect", "web").json()[0]["IPAM"]["Config"][0]["Subnet"]
    return subnet.rpartition(".")[0] + ".77"
