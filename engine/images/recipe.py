"""What a container of an image starts from: its directories and its defaults, worked out once.

Parsing the config, reading the file tables and looking for a seam take a pull a few milliseconds, and
would take every start as many.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from engine.errors import InvalidArgument
from engine.oci.digest import Digest
from engine.oci.run_config import HealthCheck, RunConfig

if TYPE_CHECKING:
    import sqlite3

    from engine.images.catalogue import Catalogue
    from engine.images.naming import Match
    from engine.images.parts import Parts
    from engine.oci.config import ImageConfig
    from engine.settings import Settings
    from engine.store.database import Database

_TUPLES = ("env", "entrypoint", "cmd", "exposed_ports", "volumes")


class Recipe(NamedTuple):
    """One image, ready to be run.

    :param lowers: directories of its stack, relative to the store's root, the topmost first.
    """

    image_id: Digest
    lowers: tuple[str, ...]
    run: RunConfig


def make_recipe(parts: Parts, image_id: Digest, diff_ids: Sequence[Digest], run: RunConfig) -> Recipe:
    """The recipe of an image whose layers are all here; makes their seam, where they need one.

    :raises Malformed: the layers do not fit together.
    """
    from engine.layers.overlay import overlay_mount
    from engine.layers.seam import make_seam

    seam = make_seam(parts.layers, parts.layout, diff_ids)
    stack = overlay_mount(parts.layers, diff_ids, None, None, seam)
    return Recipe(image_id, tuple(str(path.relative_to(parts.layout.root)) for path in stack.lowers), run)


def write_recipe(connection: sqlite3.Connection, recipe: Recipe) -> None:
    """Keep a recipe with its image."""
    run = {**recipe.run._asdict(), "labels": dict(recipe.run.labels)}
    connection.execute(
        "INSERT OR REPLACE INTO recipes (image_id, lowers, run) VALUES (?, ?, ?)",
        (recipe.image_id, json.dumps(recipe.lowers), json.dumps(run)),
    )


def recipe_of_id(connection: sqlite3.Connection, image_id: str) -> Recipe | None:
    """The recipe of an image; None where there is none yet."""
    row = connection.execute(
        "SELECT image_id, lowers, run FROM recipes WHERE image_id = ?", (image_id,)
    ).fetchone()
    return _recipe(*row) if row else None


def recipe_of_name(connection: sqlite3.Connection, name: str) -> Recipe | None:
    """The recipe of the image that a canonical reference names; None where no image has the name."""
    row = connection.execute(
        "SELECT image_id, lowers, run FROM names JOIN recipes USING (image_id) WHERE reference = ?", (name,)
    ).fetchone()
    return _recipe(*row) if row else None


def _recipe(image_id: str, lowers: str, run: str) -> Recipe | None:
    fields = json.loads(run)
    if "healthcheck" not in fields:
        return None  # an earlier version's, which left that out: to be made anew
    test, *numbers = fields["healthcheck"]
    fields["healthcheck"] = HealthCheck(tuple(test), *numbers)
    return Recipe(
        Digest(image_id),
        tuple(json.loads(lowers)),
        RunConfig(**{**fields, **{name: tuple(fields[name]) for name in _TUPLES}}),
    )


class Recipes:
    """The recipes of one store's images; all of this room that a start loads.

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
