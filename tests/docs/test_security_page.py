"""Every test that the page about security names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_PROJECT = Path(__file__).parents[2]
_PAGE = (_PROJECT / "docs" / "security.md").read_text("utf-8")
_NAMED = sorted(set(re.findall(r"`((?:[a-z_]+/)+(?:test_\w+\.py)?)`", _PAGE)))


@pytest.mark.parametrize("named", _NAMED)
def test_what_the_page_names_is_there(named: str) -> None:
    places = (_PROJECT, _PROJECT / "tests" / "engine", _PROJECT / "engine")
    assert any((place / named).exists() for place in places)
