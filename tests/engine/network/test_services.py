"""Real databases behind published ports, used by real clients from another host, whatever happens to them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator

import pytest

from engine.linux.netns import inside
from tests.engine.network.world import HOST, Host, entering, two_hosts
from tests.support import leaks
from tests.support.command import Lamina
from tests.support.peers import RealRegistry, needs_programs
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

_READY = 40.0  # seconds that a database may take to its first answer
_VERSIONS = {"old": ("postgres:15", 5501), "new": ("postgres:15.1", 5502)}


@pytest.fixture(scope="module")
def services(real_registry: RealRegistry) -> Iterator[Lamina]:
    """A store with the images of the databases."""
    needs_programs("ip", "nft", "nsenter", "psql")
    images = [real_registry.image(name) for name in ("postgres:15", "postgres:15.1", "redis:7")]
    with leaks.scratch_store() as root:
        lamina = Lamina(root)
        for image in images:
            lamina("pull", "-q", image, timeout=110).ok()
        yield lamina


@pytest.fixture
def host(services: Lamina) -> Iterator[Host]:
    """The host that the databases run on, with nothing left on it at the end."""
    with two_hosts(services) as world:
        try:
            yield world
        finally:
            for name in world("ps", "-aq").out.split():
                world("rm", "-f", "-v", name).ok()
            world("volume", "prune", "-a", "-f").ok()
            world("network", "prune", "-f").ok()


def _sql(host: Host, port: int, statement: str) -> str:
    """What PostgreSQL's own client says on the other host; "" where it does not get through."""
    target = f"host={HOST} port={port} user=postgres connect_timeout=3"
    words = [*entering(host.outside), "psql", target, "-XqAtc", statement]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _redis(host: Host, port: int, *words: str) -> str:
    """What Redis says to a command in its own protocol, sent from the other host; "" for no answer."""
    parts = [f"*{len(words)}\r\n", *(f"${len(word)}\r\n{word}\r\n" for word in words)]
    with inside(host.outside):
        client = socket.socket()
    with client:
        client.settimeout(3)
        try:
            client.connect((HOST, port))
            client.sendall("".join(parts).encode())
            reply = client.recv(4096).decode()
        except OSError:
            return ""
    head, _, rest = reply.partition("\r\n")
    return rest.removesuffix("\r\n") if head.startswith("$") else head[1:]


def _kill_monitor(host: Host, name: str) -> None:
    pid = host("inspect", name).json()[0]["State"]["Pid"]
    with open(f"/proc/{pid}/stat") as file:
        monitor = int(file.read().rpartition(")")[2].split()[1])
    os.kill(monitor, signal.SIGKILL)
    assert eventually(lambda: not os.path.exists(f"/proc/{pid}"))


def _run_postgres(host: Host, registry: RealRegistry, name: str) -> None:
    image, port = _VERSIONS[name]
    access = host.root / "pg_hba.conf"
    access.write_text("local all all trust\nhost all all all trust\n")
    volumes = ("-v", f"{name}-data:/var/lib/postgresql/data", "-v", f"{access}:/etc/pg_hba.conf:ro")
    settings = ("-c", "listen_addresses=*", "-c", "hba_file=/etc/pg_hba.conf")
    words = ("-d", "--name", name, "-p", f"{port}:5432", *volumes)
    host.run(*words, registry.image(image), "postgres", *settings)


def _rows(host: Host, name: str) -> str:
    """How often a row was written; waits for the database."""
    found: list[str] = []

    def ask() -> bool:
        found.append(_sql(host, _VERSIONS[name][1], "select count(*) || ' ' || max(said) from words"))
        return bool(found[-1])

    assert eventually(ask, _READY, every=0.2), host("logs", "--tail", "20", name).err
    return found[-1]


def test_two_postgres_side_by_side_keep_their_data_for_clients_elsewhere(
    host: Host, real_registry: RealRegistry
) -> None:
    for name in _VERSIONS:
        _run_postgres(host, real_registry, name)
    for name, (_, port) in _VERSIONS.items():
        made = f"create table words (said text); insert into words values ('{name}'); select 'made'"
        assert eventually(lambda: _sql(host, port, made) == "made", _READY, every=0.2)  # noqa: B023
    for name in _VERSIONS:
        host("restart", name).ok()
    for name, (_, port) in _VERSIONS.items():
        assert _rows(host, name) == f"1 {name}"
        _sql(host, port, f"insert into words values ('{name}')")
        _kill_monitor(host, name)
        host("start", name).ok()
        assert _rows(host, name) == f"2 {name}"
        host("rm", "-f", name).ok()
        _run_postgres(host, real_registry, name)
        assert _rows(host, name) == f"2 {name}"
    assert host("volume", "inspect", "old-data").json()[0]["UsedBy"] == ["old"]


def test_redis_keeps_its_data_for_clients_elsewhere(host: Host, real_registry: RealRegistry) -> None:
    volume, image = ("-v", "cache:/data"), real_registry.image("redis:7")
    host.run("--rm", "-u", "0", *volume, image, "chown", "redis", "/data")
    words = ("-d", "--name", "cache", "-p", "6399:6379", *volume, image)
    kept = ("--appendonly", "yes", "--appendfsync", "always")
    command = ("redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", *kept)
    host.run(*words, *command)

    def answers(*asked: str) -> str:
        found: list[str] = []

        def ask() -> bool:
            found.append(_redis(host, 6399, *asked))
            return bool(found[-1])

        assert eventually(ask, _READY, every=0.1), host("logs", "cache").out
        return found[-1]

    assert answers("SET", "key", "first") == "OK"
    host("restart", "cache").ok()
    assert answers("GET", "key") == "first"
    assert answers("SET", "key", "second") == "OK"
    _kill_monitor(host, "cache")
    host("start", "cache").ok()
    assert answers("GET", "key") == "second"
    host("rm", "-f", "cache").ok()
    host.run(*words, *command)
    assert answers("GET", "key") == "second"
