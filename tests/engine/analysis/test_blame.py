"""For a path: every layer that touched it, which one wins, what the hidden copies cost."""

from __future__ import annotations

import pytest

from engine.analysis.blame import Blame, blame
from engine.analysis.stacked import Stack
from engine.errors import NotFound
from tests.engine.analysis.tables import GONE, What, file, link, tables


def story(found: Blame) -> list[tuple[int, str, bool, int]]:
    """Position, change, whether it wins, and hidden bytes of each touch."""
    return [(touch.position, touch.change.value, touch.wins, touch.hidden) for touch in found.touches]


def of(path: str, *layers: dict[str, What | bytes]) -> Blame:
    """The blame of a path in layers."""
    return blame(Stack(tables(*layers)), path)


def test_every_layer_that_had_the_path_is_told() -> None:
    layers: list[dict[str, What | bytes]] = [{"etc/motd": b"1"}, {}, {"etc/motd": b"22"}]
    found = of("/etc/motd", *layers, {"etc/motd": file(b"22", mode=0o600)})
    assert story(found) == [(1, "added", False, 1), (3, "changed", False, 2), (4, "attributes", True, 0)]
    assert (found.exists, found.hidden) == (True, 3)


def test_path_that_was_removed_and_came_again() -> None:
    found = of("a", {"a": b"1"}, {"a": GONE}, {"a": b"333"})
    assert story(found) == [(1, "added", False, 1), (2, "removed", False, 0), (3, "added", True, 0)]


def test_removal_of_a_directory_above_removes_the_path() -> None:
    found = of("a/b/c", {"a/b/c": b"1"}, {"a": GONE})
    assert story(found) == [(1, "added", False, 1), (2, "removed", False, 0)]
    assert not found.exists


def test_directory_sums_up_what_is_below_it() -> None:
    found = of("a", {"a/b": b"12", "a/c": b"3"}, {"a/b": b"4444"})
    assert [(touch.size, touch.hidden) for touch in found.touches] == [(3, 2), (4, 0)]


def test_links_in_the_directory_are_followed() -> None:
    found = of("/lib/a", {"usr/lib/a": b"1", "lib": link("usr/lib")})
    assert found.path == "usr/lib/a"


def test_link_itself_is_blamed_for_its_own_path() -> None:
    assert of("/lib", {"usr/lib/a": b"1", "lib": link("usr/lib")}).path == "lib"


def test_file_put_below_a_link_is_found_where_it_went() -> None:
    found = of("usr/lib/a", {"usr/lib/a": b"1", "lib": link("usr/lib")}, {"lib/a": b"22"})
    assert story(found) == [(1, "added", False, 1), (2, "changed", True, 0)]


def test_path_that_no_layer_had_is_not_found() -> None:
    with pytest.raises(NotFound, match="no layer of the image"):
        of("nothing", {"a": b""}, {"nothing": GONE})
