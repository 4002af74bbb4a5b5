"""What fronts see of a check of the store: plain values. All sizes are bytes, all times seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from engine.oci import Digest


class Subject(StrEnum):
    """What is wrong."""

    DATABASE = "database"
    BLOB = "blob"
    LAYER = "layer"
    SEAM = "seam"
    IMAGE = "image"  # its rows, or what is kept ready for its containers
    CONTAINER = "container"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    :param id: digest of the blob, diff ID of the layer, chain ID of the seam, id of image or container.
    :param what: in words.
    :param images: ids of the images that need it.
    """

    subject: Subject
    id: str
    what: str
    images: tuple[Digest, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding, and what became of it.

    :param images: a name (or else the id) of every image that needs it.
    :param repaired: whether it is right now.
    :param advice: what a person can do where it is not.
    """

    subject: Subject
    id: str
    what: str
    images: tuple[str, ...]
    repaired: bool
    advice: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found.

    :param blobs: so many were read whole; :param layers: and `files` compared with their tables.
    :param size: bytes read.
    :param leftovers: what belongs to no image, `leftover_bytes` in all; that is no fault, a prune frees it.
    """

    images: int
    blobs: int
    layers: int
    files: int
    size: int
    leftovers: int
    leftover_bytes: int
    problems: tuple[Problem, ...]
    seconds: float

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong any more."""
        return all(problem.repaired for problem in self.problems)


@dataclass(frozen=True, slots=True)
class CheckProgress:
    """How far a check is: `done` of about `total` bytes. :param what: is done at the moment."""

    what: str
    done: int
    total: int


OnCheck = Callable[[CheckProgress], None]
