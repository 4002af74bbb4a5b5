"""Firewalls of others that stop forwarded packets: told with a command that helps, never changed."""

from __future__ import annotations

import pytest

from tests.engine.network.world import HOST, Host, ask
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

_CLOSED = "type filter hook forward priority 0; policy drop;"


def _told(host: Host) -> list[str]:
    path = host("network", "inspect", "bridge").json()[0]["Path"]
    return [hop["Detail"] for hop in path if hop["Kind"] == "firewall"]


@pytest.mark.parametrize("table", ["inet theirs", "ip filter"])
def test_firewall_that_drops_what_is_forwarded_is_told_with_a_command_that_helps(
    host: Host, table: str
) -> None:
    chain = "FORWARD" if table == "ip filter" else "closed"
    host.tool("nft", f"add table {table}; add chain {table} {chain} {{ {_CLOSED} }}")
    before = host.tool("nft", "list", "table", *table.split())
    host.serve("web", "-p", "8080:80")
    assert eventually(lambda: ask(host.namespace, HOST, 8080).startswith("web"))
    (told,) = _told(host)
    assert host.tool("nft", "list", "table", *table.split()) == before
    assert ask(host.outside, HOST, 8080) == ""
    host.tool("sh", "-c", told.partition("as root: ")[2])
    assert ask(host.outside, HOST, 8080).startswith("web")
    assert _told(host) == []
    host.tool("nft", "delete", "table", *table.split())


def test_publishing_behind_such_a_firewall_warns(host: Host) -> None:
    words = ("run", "--rm", "-p", "8080:80", "lab/base", "true")
    assert host(*words).ok().err == ""
    host.tool("nft", f"add table inet theirs; add chain inet theirs closed {{ {_CLOSED} }}")
    told = host(*words).ok().err
    assert "inet theirs closed drops" in told
    assert "nft insert rule inet theirs closed" in told
    host.tool("nft", "delete", "table", "inet", "theirs")


def test_host_without_such_a_firewall_has_none_told(host: Host) -> None:
    host("network", "inspect", "bridge").ok()
    assert _told(host) == []
