"""What fronts see of the lab. Sizes are bytes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LabImage:
    """One sample image that the lab serves.

    :param name: what people type to pull it, `lab/web:1`.
    :param compressed: bytes of all its layers as they travel.
    :param layers: how many layers it has.
    """

    name: str
    compressed: int
    layers: int


@dataclass(frozen=True, slots=True)
class LabStatus:
    """Whether the lab serves, where, and what.

    :param running: its registry answers.
    :param made: its sample images exist; `lab up` makes them where they do not.
    :param address: `127.0.0.1:PORT` while it runs, else "".
    :param pid: of the registry's process, 0 while it does not run.
    :param speed: bytes a second that its link is held to; 0 is no limit.
    """

    running: bool
    made: bool
    address: str
    pid: int
    images: tuple[LabImage, ...]
    speed: int = 0


@dataclass(frozen=True, slots=True)
class LabProgress:
    """One step of making the sample images.

    :param what: what is being made, for a person: "lab/base: gathering 94 programs".
    :param done: steps finished; :param total: steps in all.
    """

    what: str
    done: int
    total: int
