"""What is seen of containers while they run, in a store that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from hashlib import sha256
from math import sin
from typing import Any

from engine.containers.models import ContainerSummary
from engine.containers.namespaces import ContainerNamespaces, IdRange, MountRow, Namespace
from engine.containers.network_view import PacketPath
from engine.containers.overlays import Effect, OverlayChange, OverlayView
from engine.events import Event
from engine.network.models import Endpoint, Network
from engine.network.path import Hop
from engine.runtime.processes import ProcessRow
from engine.runtime.usage import ContainerStats, CpuUse, MemoryUse, Pressure, Traffic

NOW = 1_772_370_000.0
MB = 1_000_000


class FakeRunning:
    """The part of the fake source that the inspector's tabs read; each answer can be replaced."""

    asked: list[tuple[object, ...]]

    def _run(self) -> None:
        self.inspected = inspection()
        self.running = processes()
        self.walls = namespaces()
        self.paths = packet_paths()
        self.view = overlay()
        self.past = events()
        self.followers: list[asyncio.Queue[Event]] = []
        self.untold: list[Event] = []
        self.written: asyncio.Queue[list[OverlayChange]] = asyncio.Queue()

    def tell(self, event: Event) -> None:
        """Have an event happen."""
        if not self.followers:
            self.untold.append(event)
        for queue in self.followers:
            queue.put_nowait(event)

    async def events(self, since: float | None = None, follow: bool = True) -> AsyncGenerator[Event, None]:
        if not follow:
            for event in self.past:
                yield event
            return
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self.followers.append(queue)
        try:
            while self.untold:
                yield self.untold.pop(0)
            while True:
                yield await queue.get()
        finally:
            self.followers.remove(queue)

    async def inspect(self, name: str) -> dict[str, Any]:
        self.asked.append(("inspect", name))
        return self.inspected

    async def processes(self, name: str) -> list[ProcessRow]:
        self.asked.append(("processes", name))
        return self.running

    async def namespaces(self, name: str) -> ContainerNamespaces:
        self.asked.append(("namespaces", name))
        return self.walls

    async def packet_paths(self, name: str) -> tuple[PacketPath, ...]:
        self.asked.append(("packet_paths", name))
        return self.paths

    async def overlay(self, name: str) -> OverlayView:
        self.asked.append(("overlay", name))
        return self.view

    async def overlay_changes(self, name: str) -> AsyncGenerator[list[OverlayChange], None]:
        while True:
            yield await self.written.get()


def inspection() -> dict[str, Any]:
    """A container with limits, mounts and a health check that failed twice."""
    looks = [
        {"Start": f"2026-03-01T{n}:00Z", "End": f"2026-03-01T{n}:00.04Z", "ExitCode": code, "Output": text}
        for n, code, text in (
            ("12:57", 0, "accepting connections\n"),
            ("12:58", 2, "no response\nport 5432\n"),
            ("12:59", -1, ""),
        )
    ]  # fmt: skip
    return {
        "State": {"Health": {"Status": "unhealthy", "FailingStreak": 2, "Log": looks}},
        "Config": {
            "Hostname": "pg1",
            "User": "postgres",
            "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "PGDATA=/var/lib/postgresql/data"],
            "ExposedPorts": {"5432/tcp": {}},
            "Cmd": ["postgres"],
            "WorkingDir": "/",
            "Entrypoint": ["docker-entrypoint.sh"],
            "StopSignal": "SIGINT",
            "StopTimeout": 10,
            "Healthcheck": {
                "Test": ["CMD-SHELL", "pg_isready -U postgres"],
                "Interval": 30_000_000_000,
                "Timeout": 3_000_000_000,
                "Retries": 3,
            },
        },
        "HostConfig": {
            "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 5},
            "ReadonlyRootfs": False,
            "Privileged": False,
            "CapAdd": ["SYS_NICE"],
            "CapDrop": [],
            "SecurityOpt": ["no-new-privileges"],
            "Devices": [],
            "Sysctls": {},
            "Ulimits": [{"Name": "nofile", "Soft": 1024, "Hard": 4096}],
            "Tmpfs": {"/run": "rw,size=64m"},
            "ExtraHosts": ["db:10.0.0.7"],
            "Dns": [],
            "DnsSearch": [],
            "Memory": 512 * MB,
            "MemoryReservation": 0,
            "NanoCpus": 1_500_000_000,
            "CpuPeriod": 0,
            "CpuQuota": 0,
            "CpusetCpus": "",
            "PidsLimit": 100,
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
        },
        "Mounts": [
            mount("volume", "/var/lib/lamina/volumes/pgdata/_data", "/var/lib/postgresql", True, "pgdata"),
            mount("bind", "/etc/postgres", "/etc/postgresql", False),
        ],
    }  # fmt: skip


def mount(kind: str, source: str, target: str, writable: bool, name: str = "") -> dict[str, Any]:
    """One of Docker's Mounts."""
    values = {"Type": kind, "Source": source, "Destination": target, "RW": writable, "Propagation": ""}
    return values | ({"Name": name} if name else {})


def processes() -> list[ProcessRow]:
    """Four of them, one started from outside."""

    def row(pid: int, inside: int, parent: int, command: str, state: str = "S") -> ProcessRow:
        name = command.split(" ")[0]
        return ProcessRow(
            pid, inside, parent, 0, state, 1, NOW - 200, 4.0, inside * 3 * MB, "?", name, command
        )

    return [
        row(4211, 1, 4200, "postgres -D /var/lib/postgresql/data"),
        row(4230, 27, 4211, "postgres: checkpointer"),
        row(4231, 28, 4211, "postgres: walwriter", "D"),
        row(4400, 51, 4390, "sh"),
    ]


def namespaces() -> ContainerNamespaces:
    """Its own, but for the network of the host and the ipc of another container."""
    kinds = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
    host = {kind: 4026531835 + number for number, kind in enumerate(kinds)}
    shared = {"net", "time", "user"}
    rows = tuple(
        Namespace(
            kind,
            host[kind] if kind in shared else 4026532600 + number,
            host[kind],
            ("cache",) if kind == "ipc" else (),
        )
        for number, kind in enumerate(kinds)
    )
    rights = ("CHOWN", "DAC_OVERRIDE", "KILL", "SETGID", "SETUID", "NET_BIND_SERVICE")
    sets = dict.fromkeys(("bounding", "permitted", "effective"), rights)
    mounts = (MountRow("/", "overlay", "overlay", "rw,relatime"), MountRow("/proc", "proc", "proc", "rw"))
    ids = (IdRange(0, 0, 4294967295),)
    return ContainerNamespaces(
        4211, rows, tuple(processes()), ids, ids, mounts, sets, ("SYS_ADMIN", "SYS_MODULE"), "filter", 1,
        True, ("0::/lamina/c0ffee",),
    )  # fmt: skip


def packet_paths() -> tuple[PacketPath, ...]:
    """From eth0 over a bridge to the outside."""
    network = Network("a1" * 16, "back", NOW, "lamina1", "10.88.1.0/24", "10.88.1.1", "", "", False, {})
    endpoint = Endpoint("c" * 64, network, 0, "10.88.1.2", "", "02:42:0a:58:01:02", ("db",))
    hops = (
        Hop("interface", "eth0", "10.88.1.2/24, 02:42:0a:58:01:02", True),
        Hop("pair", "lvcccccccca1a1", "a port of lamina1", True),
        Hop("bridge", "lamina1", "gateway 10.88.1.1", True),
        Hop("rules", "", "published: all addresses port 5432/tcp to 10.88.1.2 port 5432", True),
        Hop("rules", "", "masquerade: outside it bears the host's address", True),
        Hop("firewall", "FORWARD", "ip filter drops it; as root: iptables -I FORWARD -j ACCEPT", False),
        Hop("outside", "eth0", "by 192.168.1.1", True),
    )  # fmt: skip
    return (PacketPath(endpoint, hops),)


def layer(word: str) -> str:
    """The diff ID of a layer of the fake store."""
    return "sha256:" + sha256(word.encode()).hexdigest()


def change(effect: Effect, path: str, size: int, word: str = "") -> OverlayChange:
    """One path of the writable layer."""
    cost = 0 if effect is Effect.DELETED else -(-size // 4096) * 4096
    return OverlayChange(effect, path, size, cost, layer(word) if word else "")


def overlay() -> OverlayView:
    """A writable layer with a file of each kind, over the layers of postgres:15.1."""
    words = ("pg-entry-1", "pg-data", "pg-conf", "pg-server", "pg-locales", "debian")
    changes = (
        change(Effect.NEW, "/var/log/postgresql.log", 18_000),
        change(Effect.COPIED_UP, "/etc/passwd", 1_200, "debian"),
        change(Effect.DELETED, "/etc/motd", 0, "debian"),
        change(Effect.ATTRIBUTES, "/usr/share/postgresql/15/postgresql.conf.sample", 29_000, "pg-conf"),
    )
    lowers = tuple(f"/var/lib/lamina/layers/{layer(word)[7:]}/fs" for word in words)
    upper = "/var/lib/lamina/containers/c0/upper"
    return OverlayView(
        lowers, tuple(map(layer, words)), upper, "", "/proc/4211/root", changes, 53_248, 50_176
    )


def events() -> list[Event]:
    """From its making to its second start, with what happened to another between."""
    mine = sha256(b"pg1").hexdigest()
    about = {"name": "pg1", "image": "postgres:15.1"}
    return [
        Event(NOW - 300, "container", "create", mine, about),
        Event(NOW - 299, "network", "connect", "a1" * 16, {"container": mine, "name": "back"}),
        Event(NOW - 299, "container", "start", mine, about),
        Event(NOW - 290, "container", "start", "f" * 64, {"name": "cache"}),
        Event(NOW - 210, "container", "die", mine, {**about, "exitCode": "137"}),
        Event(NOW - 200, "container", "start", mine, about),
    ]


def sample(item: ContainerSummary, moment: int) -> ContainerStats:
    """What a container used at a moment, two seconds after the one before."""
    swing = (1 + sin(moment / 5)) / 2
    memory = MemoryUse(
        int((40 + 20 * swing) * MB), 80 * MB, int((30 + 20 * swing) * MB), 12 * MB, 7 * MB, 512 * MB, True
    )
    cpu = CpuUse(moment, 60 * swing * (moment % 3), 30 * swing * (moment % 3), 3.0, 1.0)
    return ContainerStats(
        item.id, item.name, NOW - 200 + 2 * moment, True, cpu, memory,
        Traffic(moment * moment * 9000, moment * 3000), Traffic(moment // 10 * 500_000, moment * 90_000),
        4 + moment // 20, 100, Pressure(4 * swing, 0.0, 9.0 - 9 * swing),
    )  # fmt: skip
