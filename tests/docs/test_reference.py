"""The page of the command line says what the program says."""

from __future__ import annotations

from engine.lessons.reference import inserted
from scripts.reference import LESSONS, PAGE, reference


def test_the_reference_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == reference(), "write it anew: make reference"


def test_reference_of_lessons_is_what_the_vocabulary_says() -> None:
    page = LESSONS.read_text("utf-8")
    assert inserted(page) == page, "make reference writes it anew"
