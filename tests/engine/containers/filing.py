"""A store with one real image and the services that work on it, for tests of containers' files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.containers.files import ContainerFiles
from engine.containers.models import ContainerOptions
from engine.containers.service import ContainerService
from engine.containers.store import ContainerStore
from engine.images.service import ImageService
from engine.settings import Settings
from engine.store.layout import Layout


@dataclass(frozen=True)
class House:
    """Services of one store.

    :param image: a small image with busybox.
    """

    settings: Settings
    image: str
    images: ImageService
    containers: ContainerService
    files: ContainerFiles

    @classmethod
    async def of(cls, settings: Settings, image: str) -> House:
        """A store that has the image."""
        Layout.of(settings).create()
        images = ImageService(settings)
        await images.pull(image)
        store = ContainerStore(settings)
        return cls(settings, image, images, ContainerService(store, images), ContainerFiles(store, images))

    def create(self, *command: str, name: str = "box", **options: object) -> str:
        """Make a container; its id."""
        chosen = ContainerOptions(image=self.image, command=command, name=name, **options)  # type: ignore[arg-type]
        return self.containers.create(chosen).id

    def start(self, *command: str, name: str = "box", **options: object) -> str:
        """Make a container and start it; its id."""
        made = self.create(*command, name=name, **options)
        self.containers.start(made)
        return made

    def run(self, script: str, name: str = "box", **options: object) -> str:
        """Make a container and run a shell script in it to its end; its id."""
        made = self.start("sh", "-c", script, name=name, **options)
        assert self.containers.wait(made) == 0
        return made

    def upper(self, container: str) -> Path:
        """A container's writable layer."""
        return Layout.of(self.settings).container(container) / "upper"

    def remove_all(self) -> None:
        """Remove every container."""
        for container in self.containers.list():
            self.containers.remove(container.id, force=True)
