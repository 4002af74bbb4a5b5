"""Tables and JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.cli.output import print_facts, print_json, print_json_line, print_table


def test_columns_are_as_wide_as_their_widest_cell(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("NAME", "ID"), [("redis", "1"), ("a", "22")])
    assert capsys.readouterr().out == "NAME    ID\nredis   1\na       22\n"


def test_empty_table_is_its_headings(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("NAME", "ID"), [])
    assert capsys.readouterr().out == "NAME   ID\n"


def test_wide_characters_keep_the_columns_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("N", "ID"), [("層", "1"), ("ab", "2")])
    assert capsys.readouterr().out == "N    ID\n層   1\nab   2\n"


@pytest.mark.parametrize("text", ["\x1b[2Jx", "a\nb", "a\rb", "\u202eabc", "\u2028", "\x9b31m", "\udcff"])
def test_no_control_character_reaches_a_table(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("X",), [(text,)])
    heading, row, end = capsys.readouterr().out.split("\n")
    assert (heading, end) == ("X", "")
    assert row.isprintable()


def test_no_control_character_reaches_a_list_of_facts(capsys: pytest.CaptureFixture[str]) -> None:
    print_facts([("Name", "a\x1b]0;b\x07")])
    assert capsys.readouterr().out == "Name: a�]0;b�\n"


@dataclass(frozen=True)
class Row:
    path: Path
    names: tuple[str, ...]


def test_json_is_one_document_with_the_fields_of_the_values(capsys: pytest.CaptureFixture[str]) -> None:
    print_json([Row(Path("/x"), ("a", "b"))])
    assert json.loads(capsys.readouterr().out) == [{"path": "/x", "names": ["a", "b"]}]


def test_json_line_is_one_line_whatever_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    print_json_line({"text": "a\n\x1b[1m\u202e"})
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert out.isascii()
    assert json.loads(out) == {"text": "a\n\x1b[1m\u202e"}
