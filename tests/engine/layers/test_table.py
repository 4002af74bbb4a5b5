"""The file table: what it tells, how fast it loads, and that damage is seen."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Corrupt, NotFound
from engine.layers import FileTable, Kind
from engine.layers.inode import Directory, Flag, Inode
from engine.layers.table_writer import encode_table


def tree(*paths: str) -> Directory:
    """A tree with these files."""
    root = Directory()
    for path in paths:
        *above, name = path.encode("utf-8", "surrogateescape").split(b"/")
        here = root
        for part in above:
            child = here.children.setdefault(part, Directory(part, here))
            assert isinstance(child, Directory)
            here = child
        here.children[name] = Inode(Kind.FILE)
    return root


def node(root: Directory, name: str) -> Inode:
    return root.children[name.encode()]


def table_of(root: Directory) -> FileTable:
    return FileTable(encode_table(root))


def test_entries_come_in_tree_order() -> None:
    table = table_of(tree("a-b", "a/c", "a/b/x", "a.txt", "b"))
    assert [entry.path for entry in table] == ["", "a", "a/b", "a/b/x", "a/c", "a-b", "a.txt", "b"]


def test_a_path_is_found_with_and_without_slashes_around_it() -> None:
    table = table_of(tree("usr/bin/env"))
    assert table.find("usr/bin/env") == table.find("/usr/bin/env") == table.find(b"usr/bin/env/")
    assert table.find("/") == table.entry(0)


@pytest.mark.parametrize("path", ["usr/bin/en", "usr/bin/envy", "usr/bin/env/x", "zzz", "bin"])
def test_a_path_that_is_not_there_is_not_found(path: str) -> None:
    assert table_of(tree("usr/bin/env")).find(path) is None


def test_children_are_those_of_the_directory_alone() -> None:
    table = table_of(tree("a/b/c", "a/d", "a-b", "e"))
    assert [entry.path for entry in table.children("a")] == ["a/b", "a/d"]
    assert [entry.name for entry in table.children("")] == ["a", "a-b", "e"]
    assert table.children("e") == []


def test_children_of_nothing_are_an_error() -> None:
    with pytest.raises(NotFound, match="nowhere"):
        table_of(tree("a")).children("nowhere")


def test_a_subtree_is_a_range_of_numbers() -> None:
    table = table_of(tree("a/b/c", "a/d", "a-b"))
    number = table.number("a")
    assert number is not None
    assert [table.path(at) for at in range(number, table.end(number))] == ["a", "a/b", "a/b/c", "a/d"]


def test_all_fields_come_back() -> None:
    root = tree("file", "link", "also", "dev")
    file, link = node(root, "file"), node(root, "link")
    file.mode, file.uid, file.gid, file.mtime = 0o4755, 2**32 - 2, 7, -(2**62)
    file.size, file.digest, file.linked = 2**40, bytes(range(32)), True
    file.xattrs = {b"user.b": b"\0/\n", b"user.a": b""}
    link.kind, link.link, link.size = Kind.SYMLINK, b"/some/where\xff", 12
    node(root, "dev").kind, node(root, "dev").device = Kind.CHAR, 2**40
    root.children[b"also"] = file
    root.flags = Flag.IMPLICIT | Flag.OPAQUE
    table = table_of(root)
    entry = table.find("file")
    assert entry is not None
    assert (entry.mode, entry.uid, entry.gid, entry.mtime, entry.size) == (
        0o4755,
        2**32 - 2,
        7,
        -(2**62),
        2**40,
    )
    assert (entry.digest, entry.xattrs) == (bytes(range(32)).hex(), {"user.a": b"", "user.b": b"\0/\n"})
    assert entry.group == table.find("also").group == 1  # type: ignore[union-attr]  # it is there
    assert table.find("link").link == "/some/where\udcff"  # type: ignore[union-attr]  # it is there
    assert table.find("dev").device == 2**40  # type: ignore[union-attr]  # it is there
    assert (table.entry(0).is_implicit, table.entry(0).is_opaque, table.entry(0).group) == (True, True, 0)


def test_totals_count_each_file_once() -> None:
    root = tree("d/a", "b")
    file = node(root, "b")
    file.size, file.linked = 100, True
    root.children[b"c"] = file
    root.flags = Flag.IMPLICIT
    totals = table_of(root).totals
    assert (totals.unpacked, totals.entries, totals.files, totals.directories) == (100, 4, 3, 2)


def test_names_that_are_not_text_come_back_as_surrogates() -> None:
    assert table_of(tree("caf\udce9\n/x")).entry(1).path == "caf\udce9\n"


NAMES = st.text(st.characters(exclude_characters="\0/", exclude_categories=["Cs"]), min_size=1, max_size=5)


@settings(max_examples=100, deadline=None)
@given(st.sets(st.lists(NAMES, min_size=2, max_size=4).map("/".join), max_size=20))
def test_every_path_that_was_written_is_found(paths: set[str]) -> None:
    leaves = {path for path in paths if not any(other.startswith(path + "/") for other in paths)}
    table = table_of(tree(*leaves))
    assert {entry.path for entry in table if entry.kind is Kind.FILE} == leaves
    assert all(table.entry(number) == table.find(table.path(number)) for number in range(len(table)))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_damage_goes_unseen(data: st.DataObject) -> None:
    whole = encode_table(tree("a/b", "c"))
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = bytearray(whole)
    damaged[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Corrupt):
        FileTable(bytes(damaged))


@pytest.mark.parametrize("size", [0, 10, 100, -1])
def test_a_table_that_is_cut_is_damaged(size: int, tmp_path: Path) -> None:
    (tmp_path / "table").write_bytes(encode_table(tree("a/b", "c"))[:size])
    with pytest.raises(Corrupt, match="damaged"):
        FileTable.load(tmp_path / "table")


def test_a_table_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        FileTable.load(tmp_path / "table")


def test_a_hundred_thousand_entries_load_in_well_under_fifty_milliseconds(tmp_path: Path) -> None:
    root = tree(*(f"usr/share/some-package-{number % 999}/file-{number}.txt" for number in range(100_000)))
    (tmp_path / "table").write_bytes(encode_table(root))
    spent = []
    for _ in range(5):
        begun = time.process_time()
        table = FileTable.load(tmp_path / "table")
        assert table.number("usr/share/some-package-5/file-5.txt") is not None
        spent.append(time.process_time() - begun)
    assert len(table) == 101_002
    assert min(spent) < 0.05
