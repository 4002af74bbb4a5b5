"""Networks after rules were flushed, processes killed, and many starts at once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess

import pytest

from tests.engine.network.world import HOST, OUTSIDE, PEER, Host, ask, listening
from tests.support import leaks
from tests.support.command import REPOSITORY
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


def _monitor(host: Host, name: str) -> int:
    pid = host("inspect", name).json()[0]["State"]["Pid"]
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def test_flushed_rules_come_back_with_the_next_start(host: Host) -> None:
    host.serve("web", "-p", "8080:80")
    assert eventually(lambda: ask(host.outside, HOST, 8080))
    host.tool("nft", "flush", "ruleset")
    assert ask(host.outside, HOST, 8080) == ""
    host.run("--rm", "lab/base", "true")
    assert ask(host.outside, HOST, 8080).startswith("web")
    with listening(host.outside, OUTSIDE, 7000) as server:
        host.run("-d", *PEER, "ask", OUTSIDE, "7000")
        client, peer = server.accept()
        client.close()
    assert peer[0] == HOST


def test_rules_flushed_from_the_table_come_back(host: Host) -> None:
    host.serve("web", "-p", "8080:80")
    host.tool("nft", "flush", "table", "inet", "lamina")
    host.run("--rm", "lab/base", "true")
    assert eventually(lambda: ask(host.outside, HOST, 8080).startswith("web"))


def test_tables_of_others_are_left_alone(host: Host) -> None:
    host.tool(
        "nft", "add table inet theirs; add chain inet theirs c { type filter hook forward priority 0; }"
    )
    before = host.tool("nft", "list", "table", "inet", "theirs")
    host.run("--rm", "lab/base", "true")
    assert host.tool("nft", "list", "table", "inet", "theirs") == before


def test_packets_pass_beside_docker(host: Host) -> None:
    host.tool(
        "nft",
        "add table ip filter; add chain ip filter DOCKER-USER; "
        "add rule ip filter DOCKER-USER counter return; "
        "add chain ip filter FORWARD { type filter hook forward priority filter; policy drop; }; "
        "add rule ip filter FORWARD counter jump DOCKER-USER",
    )
    host.serve("web", "-p", "8080:80")
    assert eventually(lambda: ask(host.outside, HOST, 8080).startswith("web"))


def test_port_of_a_stopped_container_is_free_for_the_host(host: Host) -> None:
    host.serve("web", "-p", "8080:80")
    assert eventually(lambda: ask(host.outside, HOST, 8080))
    host("stop", "web").ok()
    assert "8080" not in host.tool("nft", "list", "table", "inet", "lamina")
    with listening(host.namespace, "0.0.0.0", 8080):
        assert "port 8080/tcp of the host is in use" in host("start", "web").err


def test_port_of_a_killed_monitor_is_given_to_the_next(host: Host) -> None:
    host.serve("web", "-p", "8080:80")
    os.kill(_monitor(host, "web"), signal.SIGKILL)
    host.serve("next", "-p", "8080:80")
    assert eventually(lambda: ask(host.outside, HOST, 8080).startswith("next"))


def test_a_look_clears_what_a_killed_monitor_left(host: Host) -> None:
    host.serve("web", "-p", "8080:80")
    os.kill(_monitor(host, "web"), signal.SIGKILL)
    host("ps", "-a").ok()
    assert eventually(lambda: "master lamina0" not in host.tool("ip", "-o", "link"))
    assert "8080" not in host.tool("nft", "list", "table", "inet", "lamina")


def test_taken_port_is_said_before_anything_starts(host: Host) -> None:
    with listening(host.namespace, "0.0.0.0", 8080):
        refused = host("run", "--rm", "-p", "8080:80", "lab/base", "true")
    assert refused.code == 125
    assert "port 8080/tcp of the host is in use" in refused.err
    assert host("ps", "-aq").ok().out == ""


def test_port_of_another_container_is_said_with_its_name(host: Host) -> None:
    host.serve("web", "-p", "8080:80")
    refused = host("run", "--rm", "-p", "127.0.0.1:8080:80", "lab/base", "true")
    assert "leads to the container web already" in refused.err


def test_fifty_at_once_get_addresses_and_ports_of_their_own(host: Host) -> None:
    host.run("--rm", "lab/base", "true")
    words = host.words("run", "-d", "-p", "80", "lab/base", "sleep", "100")
    pipe = subprocess.PIPE
    starts = [subprocess.Popen(words, stdout=pipe, stderr=pipe, cwd=REPOSITORY) for _ in range(50)]
    said = [start.communicate(timeout=100) for start in starts]
    assert [start.returncode for start in starts] == [0] * 50, [err.decode() for _, err in said if err]
    ids = [out.decode().strip() for out, _ in said]
    settings = [one["NetworkSettings"] for one in host("inspect", *ids).json()]
    assert len({one["IPAddress"] for one in settings}) == 50
    assert len({one["Ports"]["80/tcp"][0]["HostPort"] for one in settings}) == 50


def test_restarted_container_keeps_its_address_and_port(host: Host) -> None:
    host.serve("web", "-p", "8080:80")
    before = host("inspect", "web").json()[0]["NetworkSettings"]["IPAddress"]
    host("stop", "web").ok()
    host("start", "web").ok()
    assert host("inspect", "web").json()[0]["NetworkSettings"]["IPAddress"] == before
    assert eventually(lambda: ask(host.outside, HOST, 8080).startswith("web"))


def test_default_network_moves_where_its_bridge_is_taken(host: Host) -> None:
    host.serve("web", "-p", "8080:80")
    host("stop", "web").ok()
    subnet = host("network", "inspect", "bridge").json()[0]["IPAM"]["Config"][0]["Subnet"]
    host.tool("ip", "link", "delete", "lamina0")
    host.tool("ip", "link", "add", "lamina0", "type", "bridge")
    host.tool("ip", "route", "add", subnet, "via", OUTSIDE)
    try:
        host("start", "web").ok()
        assert eventually(lambda: ask(host.outside, HOST, 8080).startswith("web"))
    finally:
        host.tool("ip", "link", "delete", "lamina0")


def test_bridge_of_a_deleted_store_goes_with_a_prune_and_those_of_others_stay(host: Host) -> None:
    with leaks.scratch_store() as gone, leaks.scratch_store() as living:
        for root in (gone, living):
            Host(root, host.namespace, host.outside)("network", "create", "web").ok()
        assert host.tool("ip", "-o", "link").count("lamina-") == 2
        shutil.rmtree(gone)
        gone.mkdir()
        host("network", "prune", "-f").ok()
        (left,) = Host(living, host.namespace, host.outside)("network", "inspect", "web").json()
        assert host.tool("ip", "-o", "link").count("lamina-") == 1
        assert f"{left['Bridge']}:" in host.tool("ip", "-o", "link")
        Host(living, host.namespace, host.outside)("network", "prune", "-f").ok()


def test_what_a_deleted_store_left_does_not_keep_its_ports_taken(host: Host) -> None:
    stale = "lamina-01234567"
    host.run("--rm", "lab/base", "true")
    host.tool("ip", "link", "add", stale, "type", "bridge")
    host.tool("ip", "link", "set", stale, "alias", f"lamina network {'0' * 64} of /nowhere/at/all")
    table = "element inet lamina"
    host.tool("nft", f'add {table} same {{ "{stale}" . "{stale}" }}')
    host.tool("nft", f'add {table} near4 {{ "{stale}" . 10.99.0.0-10.99.255.255 }}')
    host.tool("nft", f"add {table} all4 {{ tcp . 8080 : 10.99.0.2 . 80 }}")
    host("network", "prune", "-f").ok()
    left = host.tool("nft", "list", "ruleset")
    assert stale not in left
    assert "10.99." not in left
    host.run("--rm", "lab/base", "true")
    host.tool("nft", f"add {table} all4 {{ tcp . 8080 : 10.99.0.2 . 80 }}")
    host.serve("web", "-p", "8080:80")
    assert eventually(lambda: ask(host.outside, HOST, 8080).startswith("web"))
