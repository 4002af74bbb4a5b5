"""Verbs that look into images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from engine.facade.base import Facade
from engine.oci import Digest

if TYPE_CHECKING:
    from engine.analysis.blame import Blame
    from engine.analysis.changes import LayerChanges
    from engine.analysis.compare import Comparison
    from engine.analysis.content import Contents
    from engine.analysis.sharing import Sharing
    from engine.analysis.stacked import Stack
    from engine.analysis.waste import Waste
    from engine.inside import Inside
    from engine.layers.table import FileTable

_Result = TypeVar("_Result")


class InsideVerbs(Facade):
    """What is in images, from the file tables of their layers."""

    async def layer_table(self, diff_id: Digest) -> FileTable:
        """The files of one layer, as its archive had them."""
        return await self._call(lambda rooms: rooms.layers.table(diff_id))

    async def tree(self, name: str, layers: int | None = None) -> Stack:
        """The tree of an image's files; rows, children and sizes are asked of it without waiting.

        :param layers: how many layers from the base on; None for all.
        :raises NotFound: no image has that name. :raises InvalidArgument: it has not so many layers.
        """
        return await self._look(lambda inside: inside.stack(name, layers))

    async def contents(self, name: str) -> Contents:
        """An image's tree with what its files hold; reading these blocks, so it belongs in a thread.

        :raises NotFound: no image has that name.
        """
        return await self._look(lambda inside: inside.contents(name))

    async def changes(self, name: str, position: int) -> LayerChanges:
        """What one layer of an image changed in those below it.

        :param position: of the layer; 1 is the base.
        :raises NotFound: no image has that name. :raises InvalidArgument: it has no such layer.
        """
        return await self._look(lambda inside: inside.changes(name, position))

    async def blame(self, name: str, path: str) -> Blame:
        """Every layer of an image that touched a path.

        :raises NotFound: no image has that name, or no layer of it ever had that path.
        """
        return await self._look(lambda inside: inside.blame(name, path))

    async def waste(self, name: str) -> Waste:
        """What an image carries though no container sees it.

        :raises NotFound: no image has that name.
        """
        return await self._look(lambda inside: inside.waste(name))

    async def compare(self, old: str, new: str) -> Comparison:
        """What separates two images: layers, files, settings, and the download between them.

        :raises NotFound: no image has one of the names.
        """
        return await self._look(lambda inside: inside.compare(old, new))

    async def sharing(self, names: Sequence[str] = ()) -> Sharing:
        """Which images share which layers, and what removing these images together would free.

        :param names: of the images to tell of; all of the store where there are none.
        :raises NotFound: no image has one of the names.
        """
        return await self._look(lambda inside: inside.sharing(names))

    async def _look(self, look: Callable[[Inside], _Result]) -> _Result:
        """Ask something of what is inside images, in a thread."""
        from engine.inside import Inside

        return await self._call(lambda rooms: look(Inside(rooms)))
