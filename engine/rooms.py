"""The rooms of one store: blocking, each opened when first used, shared by the façade and the CLI."""

from __future__ import annotations

import contextlib
from _thread import RLock  # `threading` itself would be felt by every start
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from engine.settings import Settings

if TYPE_CHECKING:
    from engine.containers.boot import Boot
    from engine.containers.files import ContainerFiles
    from engine.containers.life import ContainerLife
    from engine.containers.service import ContainerService
    from engine.containers.store import ContainerStore
    from engine.images.recipe import Recipes
    from engine.images.service import ImageService
    from engine.lab.service import Lab
    from engine.layers.store import LayerStore
    from engine.models import HostInfo
    from engine.store.database import Database
    from engine.store.journal import Journal
    from engine.store.layout import Layout
    from engine.volumes.store import VolumeStore

_Room = TypeVar("_Room")


class Rooms:
    """Opens each room once, on first use, from whichever thread asks first."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._opening = RLock()  # opening one room opens others
        self._opened: dict[str, object] = {}

    @property
    def layout(self) -> Layout:
        """Where everything of the store lies; its directories are made."""
        return self._room("layout", self._open_layout)

    @property
    def database(self) -> Database:
        """What all who keep something share; its directories are made."""
        return self._room("database", self._open_database)

    @property
    def journal(self) -> Journal:
        """What happened on the store."""
        return self._room("journal", self._open_journal)

    @property
    def layers(self) -> LayerStore:
        """The unpacked layers."""
        return self._room("layers", self._open_layers)

    @property
    def images(self) -> ImageService:
        """The images that are here, and how others come here."""
        return self._room("images", self._open_images)

    @property
    def recipes(self) -> Recipes:
        """What containers of images start from."""
        return self._room("recipes", self._open_recipes)

    @property
    def kept(self) -> ContainerStore:
        """What all that is done with containers stands on."""
        return self._room("kept", self._open_kept)

    @property
    def containers(self) -> ContainerService:
        """The containers."""
        return self._room("containers", self._open_containers)

    @property
    def files(self) -> ContainerFiles:
        """The files of containers."""
        return self._room("files", self._open_files)

    @property
    def life(self) -> ContainerLife:
        """What becomes of containers: held, started again, renamed, given other limits."""
        return self._room("life", self._open_life)

    @property
    def volumes(self) -> VolumeStore:
        """The volumes."""
        return self.kept.volumes

    @property
    def boot(self) -> Boot:
        """Containers that run when the machine does."""
        return self._room("boot", self._open_boot)

    @property
    def lab(self) -> Lab:
        """The sample images and their registry."""
        return self._room("lab", self._open_lab)

    def inspect(self, name: str, kind: str = "") -> dict[str, Any]:
        """A container, image, network or volume with Docker's keys; the first of these that has the name.

        :param kind: "container", "image", "network" or "volume" looks among those alone.
        :raises NotFound: none has it.
        """
        from engine.errors import InvalidArgument, NotFound

        if kind:
            return self._inspect(name, kind)
        for each in ("container", "image", "network", "volume"):
            # What cannot name one of a kind, as an upper-case word an image, may name one of the next.
            with contextlib.suppress(NotFound, InvalidArgument):
                return self._inspect(name, each)
        raise NotFound(
            f"no container, image, network or volume is called {name}",
            hint="lamina ps -a, lamina images, lamina network ls and lamina volume ls show what is here",
        )

    def _inspect(self, name: str, kind: str) -> dict[str, Any]:
        match kind:
            case "container":
                return self.containers.inspect(name)
            case "image":
                return self.images.inspect(name)
            case "network":
                from engine.containers.network_view import inspect_network

                return inspect_network(self.kept, name)
            case _:
                from engine.volumes.inspection import inspection

                return inspection(self.volumes.get(name, True))

    def sizes(self, name: str) -> tuple[int, int]:
        """Bytes that a container has written, and those of its image's files.

        :raises NotFound: there is none of that name.
        """
        from engine.containers.overlays import written_bytes

        image = self.containers.get(name).image_id
        return written_bytes(self.kept, self.images, name), self.images.get(image).summary.unpacked

    def info(self) -> HostInfo:
        """The machine, the store, and what sharing layers saves."""
        from engine.host import host_info

        return host_info(self.layout, self.images.list(), self.containers.list(True))

    def _room(self, name: str, open_room: Callable[[], _Room]) -> _Room:
        with self._opening:
            if name not in self._opened:
                self._opened[name] = open_room()
            return cast("_Room", self._opened[name])

    def _open_layout(self) -> Layout:
        from engine.store.layout import Layout

        layout = Layout.of(self.settings)
        layout.create()
        return layout

    def _open_database(self) -> Database:
        from engine.store.database import Database

        return Database(self.layout)

    def _open_journal(self) -> Journal:
        from engine.store.journal import Journal

        return Journal(self.layout)

    def _open_layers(self) -> LayerStore:
        from engine.layers.store import LayerStore

        return LayerStore(self.layout)

    def _open_images(self) -> ImageService:
        from engine.images.service import ImageService

        return ImageService(self.settings, self._is_running, self.database)

    def _open_recipes(self) -> Recipes:
        from engine.images.recipe import Recipes

        return Recipes(self.settings, self.database)

    def _is_running(self, container: str) -> bool:
        # Containers are opened after images: by the time somebody asks, both are there to be had.
        return self.containers.is_running(container)

    def _open_kept(self) -> ContainerStore:
        from engine.containers.store import ContainerStore

        return ContainerStore(self.settings, self.database)

    def _open_containers(self) -> ContainerService:
        from engine.containers.service import ContainerService

        return ContainerService(self.kept, self.recipes)

    def _open_files(self) -> ContainerFiles:
        from engine.containers.files import ContainerFiles

        return ContainerFiles(self.kept, self.images)

    def _open_life(self) -> ContainerLife:
        from engine.containers.life import ContainerLife

        return ContainerLife(self.kept, self.containers)

    def _open_boot(self) -> Boot:
        from engine.containers.boot import Boot

        return Boot(self.kept, self.containers)

    def _open_lab(self) -> Lab:
        from engine.lab.service import Lab

        return Lab(self.settings)
