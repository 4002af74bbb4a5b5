"""Every way of packets at once: at first, after the rules were flushed, and after a kill -9."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from engine.linux.netns import namespace_of
from tests.engine.network.world import HOST, HOST6, OUTSIDE, OUTSIDE6, PEER, Host, ask, listening
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

_NAMES = ("web", "talk", "near", "far", "hidden")
_CLOSED = 0.7  # seconds in which nothing comes through where nothing may


class _Scene:
    """A server for streams and one for datagrams on one network, and who asks them, there and elsewhere."""

    def __init__(self, host: Host) -> None:
        self.host = host
        host("network", "create", "--ipv6", "shop").ok()
        host("network", "create", "other").ok()
        host("network", "create", "--internal", "inner").ok()
        host.serve("web", "-p", "8080:80", "-p", "127.0.0.1:8081:80", network="shop")
        host.serve("talk", "-p", "8080:80/udp", network="shop", protocol="udp")
        for name, network in (("near", "shop"), ("far", "other"), ("hidden", "inner")):
            host.serve(name, network=network)

        self.pids: dict[str, int] = {}
        self.addresses: dict[str, str] = {}

    def from_container(self, name: str, address: str, port: int = 80, patience: float = 5.0) -> str:
        """What a server says to a container."""
        namespace = namespace_of(self.pids[name])
        try:
            return ask(namespace, address, port, patience=patience)
        finally:
            os.close(namespace)

    def check(self) -> None:
        """Every way is as it should be."""
        for found in self.host("inspect", *_NAMES).json():
            name = found["Name"].strip("/")
            self.pids[name] = found["State"]["Pid"]
            networks = found["NetworkSettings"]["Networks"]
            self.addresses[name] = next(iter(networks.values()))["IPAddress"]
        self._published()
        self._names()
        self._outwards()
        self._closed()
        self._moved()

    def _published(self) -> None:
        outside, own = self.host.outside, self.host.namespace
        for place, seen in ((HOST, OUTSIDE), (HOST6, OUTSIDE6)):
            assert eventually(lambda place=place: ask(outside, place, 8080) != "")  # type: ignore[misc]
            assert ask(outside, place, 8080) == f"web {seen}"
            assert ask(outside, place, 8080, "udp") == f"talk {seen}"
        assert ask(own, "127.0.0.1", 8080).startswith("web ")
        assert ask(own, "127.0.0.1", 8080, "udp").startswith("talk ")
        assert ask(own, "127.0.0.1", 8081).startswith("web ")
        assert ask(outside, HOST, 8081, patience=_CLOSED) == ""
        assert self.from_container("far", HOST, 8080).startswith("web ")

    def _names(self) -> None:
        assert self.host("exec", "near", *PEER[3:], "ask", "web", "80").ok().out.startswith("web ")
        assert self.host("exec", "far", *PEER[3:], "find", "web").code != 0

    def _outwards(self) -> None:
        for address, seen in ((OUTSIDE, HOST), (OUTSIDE6, HOST6)):
            with listening(self.host.outside, address, 7000) as server:
                self.from_container("near", address, 7000, 0.5)
                client, peer = server.accept()
                client.close()
                assert peer[0] == seen

    def _closed(self) -> None:
        web, hidden = self.addresses["web"], self.addresses["hidden"]
        assert self.from_container("near", web).startswith("web ")
        assert self.from_container("far", web, patience=_CLOSED) == ""
        assert self.from_container("hidden", web, patience=_CLOSED) == ""
        assert self.from_container("near", hidden, patience=_CLOSED) == ""
        with listening(self.host.outside, OUTSIDE, 7000) as server:
            self.from_container("hidden", OUTSIDE, 7000, _CLOSED)
            server.settimeout(0.1)
            with pytest.raises(TimeoutError):
                server.accept()

    def _moved(self) -> None:
        self.host("network", "connect", "shop", "far").ok()
        assert self.from_container("far", self.addresses["web"]).startswith("web ")
        self.host("network", "disconnect", "shop", "far").ok()
        assert self.from_container("far", self.addresses["web"], patience=_CLOSED) == ""


def _flush(host: Host) -> None:
    host.tool("nft", "flush", "ruleset")
    host.run("--rm", "lab/base", "true")


def _kill(host: Host) -> None:
    for found in host("inspect", "web", "talk").json():
        pid = found["State"]["Pid"]
        with open(f"/proc/{pid}/stat") as file:
            os.kill(int(file.read().rpartition(")")[2].split()[1]), signal.SIGKILL)
        assert eventually(lambda pid=pid: not os.path.exists(f"/proc/{pid}"))  # type: ignore[misc]
    host("start", "web", "talk").ok()


def test_every_way_is_open_or_closed_at_first_after_a_flush_and_after_a_kill(host: Host) -> None:
    scene = _Scene(host)
    scene.check()
    befallen: tuple[Callable[[Host], None], ...] = (_flush, _kill)
    for befall in befallen:
        befall(host)
        scene.check()
