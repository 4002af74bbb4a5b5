"""Networks beside a running firewalld, on a host that it keeps."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.network.world import HOST, HOST6, OUTSIDE, PEER, Host, ask, entering, listening
from tests.support.dbus import start_bus
from tests.support.peers import needs_programs
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


@pytest.fixture
def guarded(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A host with a bus and a firewalld of its own, as it is installed."""
    needs_programs("firewalld", "firewall-cmd", "dbus-daemon")
    settings = tmp_path / "settings"
    shutil.copytree("/etc/firewalld", settings)
    # Its lock in /run would be the machine's.
    apart = [*entering(host.namespace), "unshare", "--mount", "--propagation", "private"]
    log = str(tmp_path / "log")  # a file of its own: it takes away everybody's right to read what it is given
    words = ["firewalld", "--nofork", "--nopid", "--system-config", str(settings), "--log-file", log]
    started = [start_bus(tmp_path, monkeypatch)]
    try:
        null = subprocess.DEVNULL
        started.append(subprocess.Popen([*apart, *words], stdout=null, stderr=null))
        assert eventually(lambda: _asked(host, "--state"), every=0.2)
        yield host
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(timeout=60)


def _asked(host: Host, *words: str) -> bool:
    done = subprocess.run(
        [*entering(host.namespace), "firewall-cmd", *words], capture_output=True, check=False
    )
    return done.returncode == 0


def _reaches_outside(host: Host) -> bool:
    with listening(host.outside, OUTSIDE, 7000) as server:
        server.settimeout(0.1)
        host("run", "--rm", "--network", "shop", *PEER, "ask", OUTSIDE, "7000")
        try:
            client, peer = server.accept()
        except TimeoutError:
            return False
        client.close()
        return bool(peer[0] == HOST)


def _all_is_well(host: Host) -> bool:
    return (
        _reaches_outside(host)
        and host.asked_from("shop", "web").startswith("web ")
        and ask(host.outside, HOST, 8080) == f"web {OUTSIDE}"
        and ask(host.outside, HOST6, 8080).startswith("web ")
        and ask(host.namespace, "127.0.0.1", 8080).startswith("web ")
    )


def test_all_ways_are_open_beside_firewalld_also_after_a_reload_and_it_forgets_us_at_the_end(
    guarded: Host,
) -> None:
    guarded("network", "create", "--ipv6", "shop").ok()
    guarded.serve("web", "-p", "8080:80", network="shop")
    assert eventually(lambda: ask(guarded.outside, HOST, 8080) != "")
    assert _all_is_well(guarded)
    assert _asked(guarded, "--reload")
    assert "lamina" not in guarded.tool("nft", "list", "table", "inet", "firewalld")
    guarded.run("--rm", "lab/base", "true")
    assert _all_is_well(guarded)
    guarded("rm", "-f", "web").ok()
    guarded("network", "prune", "-f").ok()
    assert "lamina" not in guarded.tool("nft", "list", "table", "inet", "firewalld")


def test_firewalld_that_cannot_be_asked_is_told_with_a_command_that_helps(
    guarded: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere")
        guarded("network", "create", "shop").ok()
        told = guarded("run", "--rm", "-p", "8080:80", "--network", "shop", "lab/base", "true").ok().err
        assert "inet firewalld" in told
        assert not _reaches_outside(guarded)
    guarded.tool("sh", "-c", told.strip().partition("as root: ")[2])
    assert _reaches_outside(guarded)
