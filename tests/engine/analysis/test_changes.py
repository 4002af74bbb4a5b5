"""What a layer added, changed and removed, against trees compared path by path."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from engine.analysis.changes import Change, LayerChanges, layer_changes
from engine.analysis.stacked import Stack
from engine.errors import InvalidArgument
from engine.layers.table import FileEntry, FileTable
from tests.engine.analysis.stacks import PLAIN_STACKS
from tests.engine.analysis.tables import GONE, OPAQUE, What, file, hard, tables


def seen(stack: list[FileTable]) -> dict[str, FileEntry]:
    """Every path of a tree and what describes it."""
    return {row.path: row.entry for row in Stack(stack).rows()} if stack else {}


def paths(changes: LayerChanges, wanted: Change) -> set[str]:
    """The paths of a layer that changed in one way."""
    return {changes.path(row) for row, change in enumerate(changes.changes) if change is wanted}


@settings(max_examples=150, deadline=None)
@given(PLAIN_STACKS)
def test_changes_equal_the_difference_of_two_trees(stack: list[FileTable]) -> None:
    whole = Stack(stack)
    for position in range(1, len(stack) + 1):
        before, after = seen(stack[: position - 1]), seen(stack[:position])
        changes = layer_changes(whole, position)
        both = before.keys() & after.keys()
        assert paths(changes, Change.REMOVED) == before.keys() - after.keys()
        assert paths(changes, Change.ADDED) == after.keys() - before.keys()
        assert paths(changes, Change.CHANGED) == {
            path
            for path in both
            if (before[path].kind, before[path].digest) != (after[path].kind, after[path].digest)
        }
        assert paths(changes, Change.ATTRIBUTES) == {
            path for path in both - paths(changes, Change.CHANGED) if before[path].mode != after[path].mode
        }


def rows(stack: Stack, position: int) -> dict[str, tuple[str, int, int]]:
    """Change, size and hidden bytes of each path but the root."""
    changes = layer_changes(stack, position)
    found = map(changes.row, range(1, len(changes)))
    return {row.path: (row.change.value, row.size, row.before) for row in found}


def test_same_content_with_another_mode_is_a_change_of_attributes() -> None:
    stack = Stack(tables({"a": file(b"123", mode=0o644)}, {"a": file(b"123", mode=0o755)}))
    assert rows(stack, 2) == {"a": ("attributes", 3, 3)}


def test_same_content_with_another_time_is_a_change_of_attributes() -> None:
    stack = Stack(tables({"a": file(b"123", mtime=1)}, {"a": file(b"123", mtime=2)}))
    assert rows(stack, 2) == {"a": ("attributes", 3, 3)}


def test_other_xattrs_are_a_change_of_attributes() -> None:
    stack = Stack(tables({"a": b"1"}, {"a": What(content=b"1", xattrs=((b"user.x", b"y"),))}))
    assert rows(stack, 2)["a"][0] == "attributes"


def test_copy_that_differs_in_nothing_is_unchanged_and_hides_its_like() -> None:
    stack = Stack(tables({"a": b"123"}, {"a": b"123"}))
    assert rows(stack, 2) == {"a": ("unchanged", 3, 3)}


def test_removed_directory_is_told_with_all_it_held() -> None:
    stack = Stack(tables({"a/b": b"12", "a/c/d": b"3"}, {"a": GONE}))
    assert rows(stack, 2) == {
        "a": ("removed", 0, 3),
        "a/b": ("removed", 0, 2),
        "a/c": ("removed", 0, 1),
        "a/c/d": ("removed", 0, 1),
    }


def test_file_that_comes_again_in_an_opaque_directory_is_changed() -> None:
    stack = Stack(tables({"a/b": b"1", "a/c": b"1"}, {"a": OPAQUE, "a/b": b"22"}))
    assert rows(stack, 2) == {
        "a": ("unchanged", 2, 2), "a/b": ("changed", 2, 1), "a/c": ("removed", 0, 1),
    }  # fmt: skip


def test_whiteout_of_what_was_never_there_is_no_change() -> None:
    stack = Stack(tables({"a": b"1"}, {"b": GONE, "x/y": GONE}))
    assert rows(stack, 2) == {}


def test_hard_link_to_a_lower_layer_is_added() -> None:
    stack = Stack(tables({"a": b"123"}, {"b": hard("a")}))
    assert rows(stack, 2)["b"][0] == "added"


def test_children_are_those_of_the_layer_alone() -> None:
    changes = layer_changes(Stack(tables({"a/below": b""}, {"a/own": b"12"})), 2)
    assert [(row.path, row.size) for row in changes.children("a")] == [("a/own", 2)]


@pytest.mark.parametrize("position", [0, 3])
def test_layer_that_is_not_there_is_refused(position: int) -> None:
    with pytest.raises(InvalidArgument, match="there is no layer"):
        layer_changes(Stack(tables({}, {})), position)
