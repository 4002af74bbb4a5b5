"""The stacked tree is what unpacking the layers in order would give."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import pytest
from hypothesis import given, settings

from engine.analysis.stacked import Stack
from engine.errors import Malformed, NotFound
from engine.layers.member import Kind
from engine.layers.table import FileEntry, FileTable
from tests.engine.analysis.stacks import ANY_STACKS, PLAIN_STACKS
from tests.engine.analysis.tables import GONE, OPAQUE, What, file, folder, hard, link, tables
from tests.engine.layers.sequential import FRESH, Branch, Merge, Node


def merged(stack: list[FileTable]) -> dict[bytes, Node]:
    """The tree of nodes that unpacking the layers in order gives, by key."""
    merge = Merge()
    for layer, each in enumerate(stack):
        merge.apply_in_order(layer, each)
    found: dict[bytes, Node] = {}
    pending: list[tuple[bytes, Node]] = [(b"", merge.root)]
    while pending:
        key, node = pending.pop()
        found[key] = node
        if isinstance(node, Branch):
            pending += [(key + b"\0" + name if key else name, child) for name, child in node.children.items()]
    return found


@settings(max_examples=200, deadline=None)
@given(ANY_STACKS)
def test_tree_equals_layers_unpacked_in_order(stack: list[FileTable]) -> None:
    try:
        expected = merged(stack)
    except Malformed:
        with pytest.raises(Malformed):
            Stack(stack)
        return
    found = Stack(stack)
    assert found.keys == sorted(expected)
    for key, entry in zip(found.keys, found.winners, strict=True):
        assert found.entries.kind(entry) == expected[key].kind
        if expected[key].source != FRESH:
            assert found.entries.locate(found.entries.source(entry)) == expected[key].source


@settings(max_examples=100, deadline=None)
@given(PLAIN_STACKS)
def test_tree_equals_paths_applied_one_by_one(stack: list[FileTable]) -> None:
    paths: dict[str, tuple[Kind, int]] = {}
    for layer in stack:
        made = [entry for entry in layer if not _is_bare(entry, layer)]
        own = {entry.path for entry in layer if entry.kind is Kind.DIRECTORY}
        for entry in made:
            if entry.is_whiteout or (entry.kind is not Kind.DIRECTORY):
                _remove(paths, entry.path, itself=True)
            elif entry.is_opaque:
                # Directories that the layer has too are emptied, for what lies below goes as well.
                _remove(paths, entry.path, itself=False, but=own)
            elif paths.get(entry.path, (entry.kind, 0))[0] is not Kind.DIRECTORY:
                _remove(paths, entry.path, itself=False)
        paths |= {entry.path: (entry.kind, entry.size) for entry in made if not entry.is_whiteout}
    found = Stack(stack)
    assert [row.path for row in found.rows()] == [found.path(row) for row in range(len(found))]
    assert {row.path: row.kind for row in found.rows()} == {path: kind for path, (kind, _) in paths.items()}
    assert found.size(0) == sum(size for _, size in paths.values())


def _is_bare(entry: FileEntry, layer: FileTable) -> bool:
    """Whether it is a parent that nobody makes: implied by whiteouts alone."""
    below = [other for other in layer if other.path.startswith(f"{entry.path}/")]
    return (
        bool(entry.path)
        and entry.is_implicit
        and all(other.is_whiteout or other.is_implicit for other in below)
    )


def _remove(
    paths: dict[str, tuple[Kind, int]], path: str, *, itself: bool, but: AbstractSet[str] = frozenset()
) -> None:
    for other in list(paths):
        below = other != path and other.startswith(f"{path}/" if path else "")
        if (below and other not in but) or (itself and other == path):
            del paths[other]


@settings(max_examples=200, deadline=None)
@given(ANY_STACKS)
def test_every_copy_is_seen_or_hidden_or_never_there(stack: list[FileTable]) -> None:
    try:
        found = Stack(stack)
    except Malformed:
        return
    assert not found.hidden.keys() & set(found.winners)


def test_upper_layer_wins() -> None:
    stack = Stack(tables({"etc/motd": b"old", "etc/passwd": b"x"}, {"etc/motd": b"newer"}))
    rows = {row.path: (row.position, row.size) for row in stack.children("etc")}
    assert rows == {"etc/motd": (2, 5), "etc/passwd": (1, 1)}


def test_directory_weighs_all_below_it() -> None:
    stack = Stack(tables({"usr/bin/a": b"1234", "usr/lib/b": b"12", "etc/c": b"1"}))
    assert [(row.path, row.size) for row in stack.children("/")] == [("etc", 1), ("usr", 6)]


def test_whiteout_hides_a_whole_directory() -> None:
    stack = Stack(tables({"a/b/c": b"1", "a/d": b"1"}, {"a/b": GONE}))
    assert [row.path for row in stack.rows()] == ["", "a", "a/d"]


def test_opaque_directory_hides_what_lies_below_but_not_its_own() -> None:
    stack = Stack(tables({"a/old": b"1", "a/both": b"1"}, {"a": OPAQUE, "a/both": b"22", "a/new": b"1"}))
    assert [(row.path, row.size) for row in stack.children("a")] == [("a/both", 2), ("a/new", 1)]


def test_parent_that_an_archive_leaves_out_keeps_its_attributes() -> None:
    stack = Stack(tables({"tmp": folder(mode=0o1777)}, {"tmp/file": b""}))
    row = stack.children("")[0]
    assert (row.entry.mode, row.position) == (0o1777, 1)


def test_name_below_a_link_of_a_lower_layer_goes_where_the_link_leads() -> None:
    stack = Stack(tables({"usr/lib/a": b"", "lib": link("usr/lib")}, {"lib/sub/b": b"1"}))
    assert [row.path for row in stack.rows()] == [
        "",
        "lib",
        "usr",
        "usr/lib",
        "usr/lib/a",
        "usr/lib/sub",
        "usr/lib/sub/b",
    ]


def test_hard_link_to_a_lower_layer_shows_the_file_and_weighs_nothing_more() -> None:
    stack = Stack(tables({"bin/busybox": b"12345"}, {"bin/sh": hard("bin/busybox")}))
    sh = stack.children("bin")[1]
    assert (sh.kind, sh.size, sh.position) == (Kind.FILE, 5, 2)
    assert stack.size(0) == 5


def test_file_with_two_names_counts_once() -> None:
    stack = Stack(tables({"a": b"12345", "b": What(same_as="a")}))
    assert stack.size(0) == 5


def test_hard_link_to_nothing_is_malformed() -> None:
    with pytest.raises(Malformed, match="do not fit together"):
        Stack(tables({"a": b""}, {"b": hard("nowhere")}))


def test_part_of_the_layers_shows_the_tree_up_to_there() -> None:
    layers = tables({"a": b"1"}, {"a": b"22"}, {"a": GONE})
    assert [Stack(layers[:count]).size(0) for count in (1, 2, 3)] == [1, 2, 0]


def test_path_is_followed_through_links_inside_the_image() -> None:
    stack = Stack(
        tables(
            {"etc/alternatives/editor": link("../../usr/bin/vi"), "usr/bin/vi": b"vi"},
            {"ed": link("/etc/alternatives/editor")},
        )
    )
    assert stack.path(stack.follow("/ed")) == "usr/bin/vi"


def test_path_never_leads_above_the_root() -> None:
    stack = Stack(tables({"etc/passwd": b"x", "up": link("../../../etc")}))
    assert stack.path(stack.follow("up/passwd")) == "etc/passwd"


def test_links_in_a_circle_are_no_path() -> None:
    stack = Stack(tables({"a": link("b"), "b": link("a")}))
    with pytest.raises(NotFound, match="too many symbolic links"):
        stack.follow("a")


def test_names_that_are_no_utf8_are_found() -> None:
    layers = tables({"caf\u00e9": file(b"1")})
    assert Stack(layers).row_of("caf\u00e9".encode()) == 1
