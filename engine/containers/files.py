"""The files of containers: what they changed, and how files come out, go in and become images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.containers.store import ContainerStore

if TYPE_CHECKING:
    from engine.containers.changes import Change
    from engine.images.service import ImageService


class ContainerFiles:
    """The files of the containers of one store.

    Names are Docker's: a container's name, its id, or the unique start of its id.
    """

    def __init__(self, store: ContainerStore, images: ImageService) -> None:
        self._store = store
        self._images = images

    def changes(self, name: str) -> list[Change]:
        """What a container changed in the files of its image, in the order of paths.

        :raises NotFound: there is none of that name.
        """
        from engine.containers import stack
        from engine.containers.changes import changes
        from engine.containers.upper import Upper

        record = self._store.records.find(name)
        recipe = self._images.recipe(record.image_id)
        overlay = stack.overlay_of(self._store.layout, self._store.directory(record), recipe)
        with Upper(overlay.upper, overlay.lowers) as upper:
            return changes(upper)
