"""What containers of images start from; all of this room that a start loads."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from engine.errors import InvalidArgument

if TYPE_CHECKING:
    from engine.images.catalogue import Catalogue
    from engine.images.naming import Match
    from engine.images.parts import Parts
    from engine.images.recipe import Recipe
    from engine.oci.config import ImageConfig
    from engine.oci.digest import Digest
    from engine.settings import Settings
    from engine.store.database import Database


class Recipes:
    """The recipes of one store's images.

    :param settings: where the store is. :param database: the store's where somebody has it open.
    """

    def __init__(self, settings: Settings, database: Database | None = None) -> None:
        self._settings = settings
        self._database = database

    @cached_property
    def _parts(self) -> Parts:
        from engine.images.parts import Parts

        return Parts(self._settings, self._database)

    def recipe(self, name: str) -> Recipe:
        """What a container of an image starts from.

        :raises NotFound: no image has that name. :raises Conflict: several ids begin so.
        """
        from engine.images.recipe import make_recipe, recipe_of_id, recipe_of_name, write_recipe

        # By its name or its whole id, which is how nearly all are asked for, one row is enough.
        with self._parts.database.read() as connection:
            found = recipe_of_id(connection, name) or recipe_of_name(connection, _canonical(name))
        if found is not None:
            return found
        image = self._find(name).image
        with self._parts.database.read() as connection:
            found = recipe_of_id(connection, image.id)
        if found is not None:
            return found
        made = make_recipe(self._parts, image.id, image.stack, self.config(image.id).run)
        with self._parts.database.write() as connection:
            write_recipe(connection, made)
        return made

    def config(self, image_id: Digest) -> ImageConfig:
        """The config of an image that is here.

        :raises Corrupt: it is damaged on disk.
        """
        from engine.oci.config import CONFIG_LIMIT, parse_image_config

        return parse_image_config(self._parts.blobs.read(image_id, CONFIG_LIMIT))

    # inner

    def _catalogue(self) -> Catalogue:
        from engine.images.catalogue import read_catalogue

        with self._parts.database.read() as connection:
            return read_catalogue(connection)

    def _find(self, name: str) -> Match:
        from engine.images.naming import find

        return find(self._catalogue(), name)


def _canonical(name: str) -> str:
    from engine.oci.reference import Reference

    try:
        return str(Reference.parse(name))
    except InvalidArgument:
        return ""  # an id, perhaps; or nothing at all, which the full search then says
