"""What is left on the host when everything of a store was removed: nothing."""

from __future__ import annotations

import pytest

from tests.engine.network.world import Host
from tests.support.leaks import files_of, processes_of
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


def _seen(host: Host) -> tuple[str, ...]:
    """Interfaces, addresses, routes, rules, and the rules of routing."""
    commands = ("ip -o -br link", "ip -o -br addr", "ip route", "ip -6 route", "ip rule", "nft list ruleset")
    return tuple(host.tool(*command.split()) for command in commands)


def test_removing_everything_leaves_no_interface_address_rule_namespace_or_file(host: Host) -> None:
    before, files = _seen(host), files_of(host.root)
    host("network", "create", "--ipv6", "web").ok()
    host("network", "create", "--internal", "inner").ok()
    host.serve("one", "-p", "8080:80", "-v", "kept:/data")
    host.serve("two", "-p", "8081:80/udp", network="web", protocol="udp")
    host("network", "connect", "inner", "two").ok()
    assert _seen(host) != before
    host("rm", "-f", "one", "two").ok()
    host("network", "prune", "-f").ok()
    host("volume", "prune", "-af").ok()
    assert eventually(lambda: not processes_of(host.root), every=0.1)
    assert _seen(host) == before
    assert files_of(host.root) == files
