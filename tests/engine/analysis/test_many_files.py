"""A hundred thousand files: what one asks of an image agrees with itself."""

from __future__ import annotations

from bench.looking import tables
from engine.analysis.stacked import Stack
from engine.analysis.waste import waste
from engine.layers.table import FileTable


def test_a_hundred_thousand_files_are_stacked_and_counted() -> None:
    found = [FileTable(data) for data in tables()]
    assert sum(map(len, found)) > 100_000
    stack = Stack(found)
    assert stack.children("/")
    assert waste(stack).wasted > 0
