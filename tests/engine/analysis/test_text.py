"""The text of a file in two images."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.analysis.text import TextDiff, text_diff
from tests.engine.analysis.lay import lay


def differ(place: Path, old: bytes, new: bytes) -> TextDiff:
    """Two versions of one file."""
    before, after = lay(place / "old", {"a": old}), lay(place / "new", {"a": new})
    return text_diff(before, 1, after, 1)


def test_lines_that_differ_are_shown(tmp_path: Path) -> None:
    found = differ(tmp_path, b"one\ntwo\n", b"one\nthree\n")
    assert found.lines == ("--- /a", "+++ /a", "@@ -1,2 +1,2 @@", " one", "-two", "+three")


def test_equal_content_is_said(tmp_path: Path) -> None:
    assert differ(tmp_path, b"one\n", b"one\n") == TextDiff(equal=True)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"a\0", b"b\0", "binary files differ"),
        (b"a" * (1 << 21), b"b", "more than 1048576 bytes"),
        (b"a\n" * 20_000, b"b", "more than 10000 lines"),
        (b"a\n", b"a\r\n", "only line ends differ"),
    ],
    ids=["binary", "long", "many lines", "line ends"],
)
def test_reason_is_given_where_no_lines_are(old: bytes, new: bytes, reason: str, tmp_path: Path) -> None:
    found = differ(tmp_path, old, new)
    assert not found.lines
    assert reason in found.reason
