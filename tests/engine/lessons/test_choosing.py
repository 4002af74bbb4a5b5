"""A learner chooses a lesson's given values, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import InvalidArgument
from engine.lessons.choosing import with_choices
from engine.lessons.models import Lesson
from engine.lessons.reading import read_lesson


@pytest.fixture
def lesson(lesson_file: Path) -> Lesson:
    """A lesson that gives one value of each type."""
    return replace(read_lesson(lesson_file), given={"word": "hello", "speed": 1, "share": 0.5, "loud": False})


def test_chosen_values_are_of_the_type_of_the_lessons_own(lesson: Lesson) -> None:
    chosen = with_choices(lesson, ["word=a=b", "speed=500000", "share=2", "loud=true"])
    assert chosen.given == {"word": "a=b", "speed": 500_000, "share": 2.0, "loud": True}
    assert type(chosen.given["share"]) is float
    assert lesson.given["word"] == "hello"


@pytest.mark.parametrize(
    "choice",
    ["other=1", "speed", "speed=fast", "speed=1.5", "speed=" + "9" * 21, "loud=1", "word=a\x1b[2J",
     "word=" + "x" * 101, ""],
)  # fmt: skip
def test_what_is_no_choice_of_the_lesson_is_refused(lesson: Lesson, choice: str) -> None:
    with pytest.raises(InvalidArgument):
        with_choices(lesson, [choice])
