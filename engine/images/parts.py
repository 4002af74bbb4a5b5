"""The parts of a store that images are made of, opened together."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from engine.settings import Settings
from engine.store.database import Database
from engine.store.journal import Journal
from engine.store.layout import Layout

if TYPE_CHECKING:
    from engine.layers.store import LayerStore
    from engine.store.blobs import BlobStore


class Parts:
    """Layout, database, blobs, layers and journal of one store.

    :param database: the store's where somebody has it open, whose directories are made then.
    """

    def __init__(self, settings: Settings, database: Database | None = None) -> None:
        self.settings = settings
        if database is None:
            database = Database(Layout.of(settings))
            database.layout.create()
        self.layout = database.layout
        self.database = database
        self.journal = Journal(self.layout)

    @cached_property
    def blobs(self) -> BlobStore:
        """What is kept as it travelled; a start does without."""
        from engine.store.blobs import BlobStore

        return BlobStore(self.layout)

    @cached_property
    def layers(self) -> LayerStore:
        """The unpacked layers; a listing does without."""
        from engine.layers.store import LayerStore

        return LayerStore(self.layout)
