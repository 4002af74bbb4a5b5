"""What happened on a store: the record that every front can follow.

Events are appended as JSON lines to the journal of the store (`engine.store.journal`), by fronts
and by monitors alike, so a change made by one front reaches all others.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

Kind = Literal["image", "layer", "container", "network", "volume", "lab"]


class Event(NamedTuple):
    """One thing that happened.

    :param time: seconds since the epoch.
    :param kind: what it happened to.
    :param action: Docker's word for it: create, start, die, destroy, pull, tag, untag, delete, …
    :param id: container id, image id or layer diff ID.
    :param attributes: name, image, exitCode and the like; strings only.
    """

    time: float
    kind: Kind
    action: str
    id: str
    attributes: Mapping[str, str] = MappingProxyType({})
