"""The page of the command line says what the program says."""

from __future__ import annotations

from scripts.reference import PAGE, reference


def test_the_reference_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == reference(), "write it anew: make reference"
