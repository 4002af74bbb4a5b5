"""Images as this room sees them: values that whoever has a store makes."""

from __future__ import annotations

from dataclasses import dataclass

from engine.analysis.stacked import Stack
from engine.oci import Digest
from engine.oci.config import ImageConfig


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """One layer; sizes are bytes, `compressed` as it travels."""

    diff_id: Digest
    compressed: int
    unpacked: int


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """One image without its files.

    :param name: what people call it.
    :param layers: base first.
    :param blobs: what is kept of it as it travelled, digest and bytes: layers, config and manifest.
    """

    id: Digest
    name: str
    layers: tuple[LayerFacts, ...]
    blobs: tuple[tuple[Digest, int], ...] = ()


@dataclass(frozen=True)
class OpenImage:
    """One image with its config and the tree of its files."""

    facts: ImageFacts
    config: ImageConfig
    stack: Stack
