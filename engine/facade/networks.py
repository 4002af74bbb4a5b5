"""Verbs for networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.facade.base import Facade

if TYPE_CHECKING:
    from engine.containers.network_list import NetworkRow
    from engine.containers.network_view import PacketPath
    from engine.network.models import Network, NetworkOptions


class NetworkVerbs(Facade):
    """The networks of one store."""

    async def networks(self) -> list[NetworkRow]:
        """All networks by name, with who is on each."""
        from engine.containers.network_list import network_rows

        return await self._call(lambda rooms: network_rows(rooms.kept))

    async def packet_paths(self, name: str) -> tuple[PacketPath, ...]:
        """The ways of a container's packets to the outside, one for each of its networks."""
        from engine.containers.network_view import packet_paths

        return await self._call(lambda rooms: packet_paths(rooms.kept, name))

    async def create_network(self, options: NetworkOptions) -> Network:
        """Make a network and its bridge.

        :raises AlreadyExists: the name is taken. :raises Conflict: the subnet is somebody's already.
        """
        return await self._call(lambda rooms: rooms.kept.networks.create(options))

    async def remove_network(self, name: str) -> None:
        """Remove a network and its bridge. :raises Conflict: a container is on it, running or not."""
        await self._call(lambda rooms: rooms.kept.networks.remove(name))

    async def prune_networks(self) -> list[Network]:
        """Remove every network that no container is on; gives those that went."""
        return await self._call(lambda rooms: rooms.kept.networks.prune())

    async def connect(self, network: str, container: str) -> None:
        """Put a container on one more network, at once where it runs."""
        from engine.containers.networking import connect
        from engine.network.wishes import Attachment

        await self._call(lambda rooms: connect(rooms.kept, container, Attachment(network)))

    async def disconnect(self, network: str, container: str) -> None:
        """Take a container off a network, at once where it runs."""
        from engine.containers.networking import disconnect

        await self._call(lambda rooms: disconnect(rooms.kept, network, container))
