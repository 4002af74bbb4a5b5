"""What images share, and what removing some of them together frees."""

from __future__ import annotations

from engine.analysis.images import ImageFacts, LayerFacts
from engine.analysis.sharing import freed_by, sharing
from engine.oci import Digest


def layer(name: str, unpacked: int) -> LayerFacts:
    """A layer that is told from others by its name."""
    return LayerFacts(Digest.of(name.encode()), unpacked // 10, unpacked)


BASE, MIDDLE, TOP, OTHER = layer("base", 1000), layer("middle", 200), layer("top", 30), layer("other", 4)


def image(name: str, *layers: LayerFacts) -> ImageFacts:
    """An image whose blobs are its layers, compressed, and a config of one byte."""
    blobs = [(Digest.of(each.diff_id.encode()), each.compressed) for each in layers]
    config = (Digest.of(name.encode()), 1)
    return ImageFacts(Digest.of(f"id {name}".encode()), name, layers, (config, *blobs))


A, B, C = image("a", BASE, MIDDLE, TOP), image("b", BASE, MIDDLE), image("c", BASE, OTHER, OTHER)


def test_unique_and_shared_add_up() -> None:
    found = sharing([A, B, C])
    assert [(each.name, each.unique, each.shared) for each in found.images] == [
        ("a", 30, 1200), ("b", 0, 1200), ("c", 4, 1000),
    ]  # fmt: skip


def test_most_widely_shared_layer_comes_first() -> None:
    assert [len(each.images) for each in sharing([A, B, C]).layers] == [3, 2, 1, 1]


def test_saving_is_what_keeping_each_layer_once_spares() -> None:
    found = sharing([A, B, C])
    assert (found.unpacked, found.saved) == (1234, 2200)


def test_images_removed_together_free_what_they_shared_with_each_other_alone() -> None:
    alone = freed_by([A, B, C], {A.id}).unpacked + freed_by([A, B, C], {B.id}).unpacked
    together = freed_by([A, B, C], {A.id, B.id})
    assert (alone, together.unpacked) == (30, 230)
    assert set(together.layers) == {MIDDLE.diff_id, TOP.diff_id}


def test_blobs_that_go_are_counted_too() -> None:
    assert freed_by([A, B, C], {A.id, B.id}).total == 230 + 20 + 3 + 1 + 1


def test_what_is_shared_with_images_not_asked_about_stays() -> None:
    found = sharing([A, B, C], {C.id})
    assert [(each.name, each.unique, each.shared) for each in found.images] == [("c", 4, 1000)]
    assert found.freed.layers == (OTHER.diff_id,)


def test_store_without_images_is_told() -> None:
    assert sharing([]).freed.total == 0
