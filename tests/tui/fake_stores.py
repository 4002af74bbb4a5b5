"""Networks, volumes and live files of a store that stands still."""

from __future__ import annotations

from engine.containers.network_list import Member, NetworkRow
from engine.containers.writing import Copied
from engine.network.models import Network, NetworkOptions
from engine.volumes.models import PrunedVolumes, Volume, VolumeEntry

_MADE = 1_772_370_000.0 - 7200


def network(name: str, members: tuple[Member, ...] = ()) -> NetworkRow:
    """A network with who is on it."""
    one = Network(
        "a1b2c3d4e5f6" + "0" * 20, name, _MADE, "lamina1", "10.88.1.0/24", "10.88.1.1", "", "", False, {}
    )
    return NetworkRow(one, members)


def entry(name: str, kind: str = "file", size: int = 12, link: str = "") -> VolumeEntry:
    """One name in a directory."""
    return VolumeEntry(name, kind, size, 0o755 if kind == "directory" else 0o644, 0, 0, _MADE, link)


class FakeStores:
    """The part of the fake source that knows networks, volumes and live files."""

    asked: list[tuple[object, ...]]

    def _prepare(self) -> None:
        pg1 = Member("c" * 64, "pg1", "10.88.1.2", "", "eth0", ("db",))
        self.all_networks = [network("back", (pg1,)), network("spare")]
        self.all_volumes = [
            Volume("pgdata", _MADE, {}, False, "/var/lib/lamina/volumes/pgdata/_data", ("pg1",), 41_000_000),
            Volume("old", _MADE, {}, False, "/var/lib/lamina/volumes/old/_data", (), 1200),
        ]
        self.entries = {"/": [entry("etc", "directory"), entry("motd")], "/etc": [entry("hosts")]}

    async def networks(self) -> list[NetworkRow]:
        return self.all_networks

    async def create_network(self, options: NetworkOptions) -> Network:
        self.asked.append(("create_network", options.name, options.subnet))
        self.all_networks.append(network(options.name))
        return self.all_networks[-1].network

    async def remove_network(self, name: str) -> None:
        self.asked.append(("remove_network", name))

    async def prune_networks(self) -> list[Network]:
        self.asked.append(("prune_networks",))
        return []

    async def connect(self, network: str, container: str) -> None:
        self.asked.append(("connect", network, container))

    async def disconnect(self, network: str, container: str) -> None:
        self.asked.append(("disconnect", network, container))

    async def volumes(self, sizes: bool = False) -> list[Volume]:
        return self.all_volumes

    async def create_volume(self, name: str = "") -> Volume:
        self.asked.append(("create_volume", name))
        return self.all_volumes[0]

    async def remove_volume(self, name: str) -> None:
        self.asked.append(("remove_volume", name))

    async def preview_prune_volumes(self, all_unused: bool = False) -> PrunedVolumes:
        return PrunedVolumes(("old",), 1200)

    async def prune_volumes(self, all_unused: bool = False) -> PrunedVolumes:
        self.asked.append(("prune_volumes", all_unused))
        return PrunedVolumes(("old",), 1200)

    async def browse_volume(self, name: str, path: str = "/") -> list[VolumeEntry]:
        return self.entries[path]

    async def read_volume(self, name: str, path: str, limit: int = 1 << 20) -> bytes:
        return b"hello world\n"

    async def copy_out_of_volume(self, name: str, path: str, target: str) -> Copied:
        self.asked.append(("copy_out", name, path, target))
        return Copied(1, 12)

    async def copy_into_volume(self, name: str, source: str, path: str) -> Copied:
        self.asked.append(("copy_in", name, source, path))
        return Copied(1, 12)

    browse_container = browse_volume
    read_container = read_volume
    copy_out = copy_out_of_volume
    copy_in = copy_into_volume
