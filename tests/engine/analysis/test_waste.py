"""Hidden copies are counted once each, and the worst paths are named."""

from __future__ import annotations

from hypothesis import given, settings

from engine.analysis.blame import blame
from engine.analysis.stacked import Stack
from engine.analysis.waste import Cause, Waste, waste
from engine.layers.member import Kind
from engine.layers.table import FileTable
from tests.engine.analysis.stacks import PLAIN_STACKS
from tests.engine.analysis.tables import GONE, OPAQUE, What, file, hard, table, tables


def of(*layers: dict[str, What | bytes]) -> Waste:
    """The waste of layers."""
    return waste(Stack(tables(*layers)))


def copies(stack: list[FileTable]) -> dict[tuple[int, str], int]:
    """Bytes of every copy that is not seen, by layer and path."""
    positions = {row.path: row.position for row in Stack(stack).rows()}
    return {
        (position, entry.path): entry.size
        for position, each in enumerate(stack, 1)
        for entry in each
        if entry.kind is Kind.FILE and entry.size and positions.get(entry.path) != position
    }


@settings(max_examples=150, deadline=None)
@given(PLAIN_STACKS)
def test_waste_is_every_copy_that_is_not_seen_once(stack: list[FileTable]) -> None:
    found, expected = waste(Stack(stack)), copies(stack)
    assert (found.wasted, found.files) == (sum(expected.values()), len(expected))
    assert sum(path.size for path in found.paths) == found.wasted
    assert sum(path.files for path in found.paths) == found.files
    assert sum(layer.removed + layer.replaced + layer.attributes for layer in found.layers) == found.wasted


@settings(max_examples=100, deadline=None)
@given(PLAIN_STACKS)
def test_blame_of_the_root_finds_the_same_bytes(stack: list[FileTable]) -> None:
    whole = Stack(stack)
    assert blame(whole, "/").hidden == waste(whole).wasted


def test_removed_directory_is_named_once_for_all_it_held() -> None:
    found = of({"a/b": b"12", "a/c/d": b"3"}, {"a/e": b"4444"}, {"a": GONE})
    (path,) = found.paths
    assert (path.path, path.cause, path.size, path.files) == ("a", Cause.REMOVED, 7, 3)
    assert (path.kept_by, path.hidden_by) == ((1, 2), (3,))


def test_file_that_changed_three_times_is_wasted_twice() -> None:
    found = of({"a": b"1"}, {"a": b"22"}, {"a": b"333"})
    (path,) = found.paths
    assert (path.size, path.files, path.cause, path.hidden_by) == (3, 2, Cause.REPLACED, (2, 3))


def test_copy_for_another_mode_is_told_apart() -> None:
    found = of({"a": b"12345"}, {"a": file(b"12345", mode=0o755)})
    assert found.paths[0].cause is Cause.ATTRIBUTES
    assert (found.layers[0].attributes_files, found.layers[0].attributes) == (1, 5)


def test_worst_path_comes_first() -> None:
    found = of({"a": b"1", "b": b"333"}, {"a": GONE, "b": GONE})
    assert [path.path for path in found.paths] == ["b", "a"]


def test_file_that_still_has_a_name_is_not_wasted() -> None:
    assert of({"a": b"123", "b": What(same_as="a")}, {"a": GONE}).wasted == 0


def test_file_that_lost_all_names_is_wasted_once() -> None:
    found = of({"a": b"123", "b": What(same_as="a")}, {"a": GONE, "b": GONE})
    assert (found.wasted, found.files) == (3, 1)


def test_hard_link_from_above_keeps_a_removed_file_from_being_wasted() -> None:
    assert of({"a": b"123"}, {"b": hard("a")}, {"a": GONE}).wasted == 0


def test_layer_that_stands_twice_wastes_nothing() -> None:
    layer = table({"a": b"123"})
    found = waste(Stack([layer, table({"a": GONE}), layer]))
    assert (found.wasted, found.total) == (0, 3)


def test_efficiency_is_the_part_that_is_seen() -> None:
    assert of({"a": b"1"}, {"a": b"222"}).efficiency == 0.75


def test_image_without_content_is_efficient() -> None:
    assert of({"a": b""}, {"a": GONE}).efficiency == 1


def test_opaque_directory_wastes_what_it_covers() -> None:
    found = of({"a/b": b"12", "a/c": b"3"}, {"a": OPAQUE, "a/b": b"2"})
    assert {(path.path, path.cause.value, path.size) for path in found.paths} == {
        ("a/b", "replaced", 2), ("a/c", "removed", 1),
    }  # fmt: skip
