"""A stranger's lesson whose every word is hostile is drawn clean, and so is a file that is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import InvalidArgument
from tests.tui.conftest import Make
from tests.tui.driving import app_of, ready, screen_lines, until
from tests.tui.fake import FakeSource
from tests.tui.fake_school import FETCH, FakeSchool
from tests.tui.hostile import HOSTILE
from tests.tui.test_hostile import whole

_WORDS = " ".join(text[:200] for text in HOSTILE if "{" not in text and "\ud800" not in text)
_WORDS = _WORDS.replace(" tag", " tig")  # a word of the glossary would have to be explained
_QUOTED = json.dumps(_WORDS, ensure_ascii=False).replace("\x7f", "\\u007f")


def _hostile_lesson() -> str:
    plain = _QUOTED[1:-1].replace("[red]", "[RED]")  # in small letters it would be a word of the field
    return (
        FETCH.replace('"Image"', _QUOTED)
        .replace("What is inside an image", plain)
        .replace('"Fetch one"', _QUOTED)
        .replace("To [pull] it", f"{plain} To [pull] it")
        .replace("Press Enter to have it done.", plain)
        .replace('"It took', f'"{plain} It took')
    )


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_lesson_of_hostile_words_is_drawn_clean(
    make: Make, tmp_path: Path, size: tuple[int, int]
) -> None:
    school = FakeSchool(tmp_path, evil=_hostile_lesson())
    school.faults = tuple(InvalidArgument(text[:4000], hint=text[:4000]) for text in HOSTILE)
    app = make(FakeSource(empty=True))
    app.commands.school = school
    async with app.run_test(size=size, notifications=True) as pilot:
        await ready(pilot)
        await pilot.press("8")
        await until(pilot, lambda: "0/3" in "\n".join(screen_lines(pilot)), "the list")
        for key in ("j", "G", "pageup", "g"):
            whole(pilot, size[0])
            await pilot.press(key)
            await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.state.course and app.state.course.page), "the step")
        await pilot.press("h", "enter")
        await until(pilot, lambda: bool(app.state.course and app.state.course.page and
                                        app.state.course.page.looked), "its end")  # fmt: skip
        for key in ("tab", "pagedown", "G", "tab", "j", "p", "p", "escape"):
            await pilot.press(key)
            await pilot.pause()
            whole(pilot, size[0])
        assert app_of(pilot).is_running
        assert app.clipboard == ""
