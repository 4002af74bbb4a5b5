"""What is counted of a store."""

from __future__ import annotations

from engine.host import totals
from engine.images.models import ImageSummary, LayerSlice
from engine.oci import Digest


def image(*layers: tuple[str, int]) -> ImageSummary:
    slices = tuple(LayerSlice(Digest.of(name.encode()), 0, size, False) for name, size in layers)
    name = Digest.of(repr(layers).encode())
    whole = sum(size for _, size in layers)
    return ImageSummary(name, (), name, None, "linux/amd64", 0, whole, 0, 0, slices, 0)


def test_each_layer_is_counted_once_and_the_rest_is_saved() -> None:
    found = totals([image(("base", 100), ("a", 5)), image(("base", 100), ("b", 7))], [])
    assert (found.images, found.layers, found.unpacked, found.saved) == (2, 3, 112, 100)


def test_layer_that_stands_twice_in_one_image_lies_here_once() -> None:
    found = totals([image(("base", 100), ("base", 100))], [])
    assert (found.layers, found.unpacked, found.saved) == (1, 100, 100)


def test_empty_store_counts_nothing() -> None:
    found = totals([], [])
    assert (found.images, found.layers, found.containers, found.running) == (0, 0, 0, 0)
