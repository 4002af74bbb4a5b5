"""Two images: layers aligned, files told apart, settings compared, the download between them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine.analysis.changes import Change
from engine.analysis.compare import Comparison, align_layers, compare, update_cost
from engine.analysis.images import ImageFacts, LayerFacts, OpenImage
from engine.analysis.stacked import Stack
from engine.oci import Digest
from engine.oci.config import parse_image_config
from tests.engine.analysis.tables import GONE, What, file, hard, table

Layers = list[dict[str, What | bytes]]


def facts(name: str, size: int = 10) -> LayerFacts:
    """A layer that is told from others by its name."""
    return LayerFacts(Digest.of(name.encode()), size, 2 * size)


def image(tables: list[Any], config: Mapping[str, object] | None = None) -> OpenImage:
    """An image of tables; a table that two images share is one layer."""
    layers = tuple(facts(str(id(each))) for each in tables)
    document = {
        "os": "linux", "architecture": "amd64", "config": config or {},
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
    }  # fmt: skip
    parsed = parse_image_config(json.dumps(document).encode())
    return OpenImage(ImageFacts(Digest.of(b""), "image", layers), parsed, Stack(tables))


def compared(old: Layers, new: Layers) -> Comparison:
    """Two images of layers."""
    return compare(image(list(map(table, old))), image(list(map(table, new))))


def test_files_are_added_removed_changed_and_copied() -> None:
    found = compared(
        [{"a": b"1", "b": b"1", "c": b"1", "d": b"1"}],
        [{"a": b"22", "b": file(b"1", mode=0o755), "c": b"1", "e": b"1"}],
    )
    assert [(change.path, change.change) for change in found.files] == [
        ("a", Change.CHANGED), ("b", Change.ATTRIBUTES), ("d", Change.REMOVED), ("e", Change.ADDED),
    ]  # fmt: skip
    assert found.counts[Change.CHANGED] == 1


def test_same_files_in_other_layers_do_not_differ() -> None:
    assert compared([{"a": b"1", "b": b"2"}], [{"a": b"1"}, {"b": b"2"}]).files == ()


def test_hard_link_to_the_same_content_does_not_differ() -> None:
    assert compared([{"a": b"1", "b": b"1"}], [{"a": b"1"}, {"b": hard("a")}]).files == ()


def test_removal_in_an_upper_layer_is_a_removal() -> None:
    base = table({"a": b"123"})
    found = compare(image([base]), image([base, table({"a": GONE})]))
    (change,) = found.files
    assert (change.path, change.change, change.old_size) == ("a", Change.REMOVED, 3)


def test_layers_that_both_have_stand_in_one_line() -> None:
    pairs = align_layers([facts("a"), facts("b"), facts("c")], [facts("a"), facts("x"), facts("c")])
    assert [(pair.old, pair.new) for pair in pairs] == [(1, 1), (2, None), (None, 2), (3, 3)]


def test_download_counts_each_missing_layer_once() -> None:
    cost = update_cost([facts("a", 1)], [facts("a", 1), facts("b", 20), facts("b", 20), facts("c", 300)])
    assert cost == (320, 1)


def test_settings_and_environment_are_told_apart() -> None:
    old = {"Env": ["A=1", "B=2"], "Cmd": ["sh"], "Labels": {"v": "1"}}
    new = {"Env": ["A=1", "C=3"], "Cmd": ["sh"], "User": "app", "Labels": {"v": "2"}}
    found = compare(image([table({})], old), image([table({})], new))
    assert {(change.name, change.old, change.new) for change in found.settings} == {
        ("user", None, "app"), ("label v", "1", "2"),
    }  # fmt: skip
    assert {(change.name, change.old, change.new) for change in found.environment} == {
        ("B", "2", None), ("C", None, "3"),
    }  # fmt: skip
