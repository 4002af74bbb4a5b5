"""A file found from the top of a stack is what the whole stack shows, for as few layers as it takes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.analysis.stacked import Stack
from engine.analysis.topmost import find_file
from engine.errors import Malformed, NotFound
from engine.layers.table import FileTable
from tests.engine.analysis.stacks import ANY_STACKS
from tests.engine.analysis.tables import GONE, OPAQUE, file, folder, hard, link, tables

_NAMES = st.sampled_from(["a", "b", "c", ".."])
_ASKED = st.lists(_NAMES, min_size=1, max_size=5).map("/".join)


def asked_for(stack: list[FileTable], path: str) -> tuple[str, int, list[int]]:
    """The path found, its layer, and the layers that were asked for."""
    asked: list[int] = []

    def table(layer: int) -> FileTable:
        asked.append(layer)
        return stack[layer]

    found, row = find_file(table, len(stack), path)
    return found.path(row), found.row(row).position, asked


@settings(max_examples=300, deadline=None)
@given(ANY_STACKS, _ASKED)
def test_what_is_found_is_what_the_whole_stack_shows(stack: list[FileTable], path: str) -> None:
    try:
        whole = Stack(stack)
        row = whole.follow(path)
    except Malformed:
        return
    except NotFound:
        with pytest.raises(NotFound):
            asked_for(stack, path)
        return
    assert asked_for(stack, path)[:2] == (whole.path(row), whole.row(row).position)


def test_layers_below_the_one_that_has_the_file_are_not_asked_for() -> None:
    stack = tables({"a/x": b"old"}, {"a/x": b"new"}, {"b": b"other"})
    assert asked_for(stack, "/a/x") == ("a/x", 2, [2, 1])


def test_a_link_is_followed_no_deeper_than_it_leads() -> None:
    stack = tables({"c": b"far"}, {"usr/lib/os": b"name"}, {"etc/os": link("../usr/lib/os")})
    assert asked_for(stack, "etc/os") == ("usr/lib/os", 2, [2, 1])


def test_a_file_below_a_link_of_a_lower_layer_is_found_without_that_layer() -> None:
    stack = tables({"bin": link("usr/bin")}, {"bin/ls": b"ls"})
    assert asked_for(stack, "bin/ls")[1:] == (2, [1])


def test_a_directory_put_over_a_possible_link_is_looked_under() -> None:
    stack = tables({"bin": link("usr/bin")}, {"bin/ls": b"ls"}, {"bin": folder()})
    with pytest.raises(NotFound):
        asked_for(stack, "bin/ls")


@pytest.mark.parametrize("upper", [{"a": GONE}, {"a": OPAQUE}, {"a/x": GONE}])
def test_what_an_upper_layer_hides_is_not_there(upper: dict[str, object]) -> None:
    with pytest.raises(NotFound):
        asked_for(tables({"a/x": b"old"}, upper), "a/x")  # type: ignore[arg-type]  # values are What


def test_a_name_given_to_a_lower_file_takes_the_layers_below() -> None:
    stack = tables({"a": b"content"}, {"c": file(b"")}, {"b": hard("a")})
    assert asked_for(stack, "b") == ("b", 3, [2, 1, 0])


def test_a_directory_takes_all_layers() -> None:
    assert asked_for(tables({"a/x": b""}, {"a/y": b""}), "a")[2] == [1, 0]
