"""The façade: everything the engine can do, for fronts that live in an event loop.

Rooms are opened when first used, their blocking calls run in threads, and what comes back is plain
values (`engine.images.models`, `engine.containers.models`, `engine.models`). Any number of engines,
in any number of processes, may work on one store.
"""

from __future__ import annotations

from engine.facade.containers import ContainerVerbs
from engine.facade.files import FileVerbs
from engine.facade.images import ImageVerbs
from engine.facade.inside import InsideVerbs
from engine.facade.networks import NetworkVerbs
from engine.facade.sessions import SessionVerbs
from engine.facade.store import StoreVerbs
from engine.facade.volumes import VolumeVerbs
from engine.facade.watching import WatchVerbs


class Engine(
    ImageVerbs,
    InsideVerbs,
    ContainerVerbs,
    FileVerbs,
    SessionVerbs,
    WatchVerbs,
    NetworkVerbs,
    VolumeVerbs,
    StoreVerbs,
):
    """Images, layers and containers of one store.

    Cheap to make: nothing is opened before it is used. All methods raise subclasses of
    `engine.errors.LaminaError` and nothing else on purpose. Names are Docker's: a container by name,
    id or unique prefix of its id; an image by reference, id or unique prefix of its id.
    """
