"""The parts of a store that images are made of, opened together."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from engine.settings import Settings
from engine.store.blobs import BlobStore
from engine.store.database import Database
from engine.store.journal import Journal
from engine.store.layout import Layout

if TYPE_CHECKING:
    from engine.layers.store import LayerStore


class Parts:
    """Layout, database, blobs, layers and journal of one store."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.layout = Layout.of(settings)
        self.layout.create()
        self.database = Database(self.layout)
        self.blobs = BlobStore(self.layout)
        self.journal = Journal(self.layout)

    @cached_property
    def layers(self) -> LayerStore:
        """The unpacked layers; a listing does without."""
        from engine.layers.store import LayerStore

        return LayerStore(self.layout)
