"""Which ranges the files of subordinate ids give."""

from __future__ import annotations

from pathlib import Path

from engine.rootless.mapping import subordinate_ids


def test_ranges_are_found_by_name_and_by_number(tmp_path: Path) -> None:
    file = tmp_path / "subuid"
    file.write_text("ada:100000:65536\nbob:1:2\n1000:300000:10\n", "utf-8")
    assert subordinate_ids(str(file), 1000, "ada") == [(100000, 65536), (300000, 10)]


def test_lines_that_mean_nothing_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "subuid"
    file.write_text("ada\nada:x:1\nada:5:0\n# ada:1:1\n", "utf-8")
    assert subordinate_ids(str(file), 1000, "ada") == []


def test_missing_file_gives_none(tmp_path: Path) -> None:
    assert subordinate_ids(str(tmp_path / "none"), 1000, "ada") == []
