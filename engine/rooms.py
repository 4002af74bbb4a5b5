"""The rooms of one store, each opened when first used: blocking, shared by the façade and the CLI."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from engine.errors import NotFound
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.containers.service import ContainerService
    from engine.images.service import ImageService
    from engine.lab.service import Lab
    from engine.layers.store import LayerStore
    from engine.models import HostInfo
    from engine.store.journal import Journal
    from engine.store.layout import Layout


class Rooms:
    """Opens each room of a store once, on first use, from whichever thread asks first."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._opening = threading.RLock()
        self._open: dict[str, Any] = {}
