"""A lesson's file is read whole or refused with every fault at its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LaminaError, LimitExceeded, NotFound
from engine.lessons.reading import LIMIT, FaultyLesson, check_text, read_lesson
from tests.engine.lessons.conftest import SMALL

HERE = Path("small.toml")


def faults(text: str) -> list[tuple[int, str]]:
    return [(fault.line, fault.message) for fault in check_text(text.encode(), HERE)[1]]


def line_of(piece: str, text: str = SMALL) -> int:
    return text[: text.index(piece)].count("\n") + 1


def test_sound_lesson_is_read(lesson_file: Path) -> None:
    lesson = read_lesson(lesson_file)
    assert (lesson.name, lesson.title, [step.title for step in lesson.steps]) == (
        "small", "Small", ["Say", "Remove"],
    )  # fmt: skip
    assert [term.name for term in lesson.steps[0].terms] == ["container"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "Small"', 'titel = "Small"', "a lesson has no 'titel'"),
        ('about = "Two steps."', "about = 3", "about must be a text"),
        ('hint = "Press Enter."', 'hunt = "Press Enter."', "a step has no 'hunt'"),
        ("[container] says", "[gizmo] says", "[gizmo] is not in the glossary"),
        ("A [container] says", "A container says", "'container' is not explained where it first stands"),
        ("something.", "in 20 ms.", "'20 ms' was not measured"),
        ("something.", "{measured.run.seconds}.", "there is no {measured.run.seconds} here"),
        ("something.", "{nothing}.", "{nothing} is no placeholder"),
        ('check = "says"', 'check = "sais"', "there is no check 'sais'"),
        ('of = "run.said"', 'of = "ran.said"', "says: 'ran.said' was not measured before"),
        (', text = "{given.word}"', "", "says needs 'text'"),
        ('status = "exited"', "status = 3",
         "container_is: status must be one of created, running, paused, exited, not 3"),
        ('status = "exited"', 'status = "exited", extra = 1', "container_is takes no 'extra'"),
        (
            '"lamina rm lab-a"',
            '"rm -rf /"',
            "'rm -rf /' is no command of lamina; a lesson runs no other program",
        ),
        ('"lamina rm lab-a"', '"lamina rm web"', "lamina rm: 'web' is not for lessons"),
        ("after = ", 'after = "{given.other}" #', "there is no {given.other} here"),
        ("Two steps.", "It takes 3 s.", "'3 s' was not measured"),
        ("Two steps.", "An [image].", "[image] is not explained here"),
        ('labels = "took, code"', 'labels = "took"', "1 labels for 2 figures"),
        ('"table", of = "run.seconds, a.code"', '"side_by_side", of = "a.code"',
         "side_by_side takes two figures, not 1"),
        (', name = "a"', "", "a measure needs a name"),
        ('name = "a"', 'name = "run"', "'run' is measured twice in this step"),
    ],
)  # fmt: skip
def test_fault_is_named_at_its_line(old: str, new: str, message: str) -> None:
    text = SMALL.replace(old, new, 1)
    found = faults(text)
    assert (line_of(old), message) in found, found


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('title = "a"\nabout = "b"\nstep = ["c"]\n', 3),
        ('title = "a"\nabout = "b"\n[step]\ntitle = "c"\n', 3),
        ('title = "a"\nabout = "b"\n[[step]]\ntext = """\nno end\n', 4),
        (SMALL.replace('["lamina rm lab-a"]', '[\n  3,\n  "lamina up",\n]'), line_of('do = ["lamina rm') + 2),
        (SMALL.replace("rm lab-a", "run --privileged lab/base"), line_of('do = ["lamina rm')),
    ],
)  # fmt: skip
def test_fault_says_its_line_and_what_to_do(text: str, line: int) -> None:
    found = check_text(text.encode(), HERE)[1]
    assert line in [fault.line for fault in found], found
    assert all(fault.hint for fault in found), found


def test_mark_of_the_byte_order_is_no_fault() -> None:
    assert not check_text(b"\xef\xbb\xbf" + SMALL.encode(), HERE)[1]


def test_step_that_does_something_needs_a_check() -> None:
    text = SMALL.replace('check = [{ check = "container_is_gone", container = "lab-a" }]\n', "")
    assert faults(text) == [(line_of('title = "Remove"') - 1, "a step that does something needs a check")]


def test_all_faults_are_told_at_once() -> None:
    assert len(faults(SMALL.replace("says", "sais").replace('title = "Remove"', 'title = "In 5 s"'))) >= 2


def test_broken_toml_is_named_at_its_line() -> None:
    ((line, message),) = faults('title = "a"\nabout = [\n[[step]]\n')
    assert line >= 2
    assert message.startswith("this is not TOML")


def test_bytes_that_are_no_text_are_named_at_their_line() -> None:
    assert check_text(b"a = 1\n\xff\n", HERE)[1][0].line == 2


def test_too_large_and_missing_files_are_refused(tmp_path: Path) -> None:
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (LIMIT + 1))
    with pytest.raises(LimitExceeded):
        read_lesson(large)
    with pytest.raises(NotFound):
        read_lesson(tmp_path / "none.toml")


def test_error_of_a_faulty_lesson_holds_them_all(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("x = 1\n")
    with pytest.raises(FaultyLesson, match=r"bad\.toml:1: ") as caught:
        read_lesson(path)
    assert len(caught.value.faults) >= 4


PIECES = st.sampled_from([
    "[[step]]\n", "[given]\n", "title = 1\n", "do = [1, {}, {run = 2}]\n", "check = [{check = 'says'}]\n",
    "step = 3\n", "[step]\n", '"""', "{", "[", "]", "text = '{measured.a.b.c} [x] 5 MB'\n", "\\", "'", "\x00",
    "do = ['lamina run', 'lamina', '', \"lamina run 'x\"]\n", "show = [[1]]\n", "given = [1]\n",
    "a.b.c = 1\n",
    "measure = [{measure = 'ratio', of = 3, name = 'x'}]\n", "\N{RIGHT-TO-LEFT OVERRIDE}", "1e999", "nan",
])  # fmt: skip


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    lesson, found = check_text(data, HERE)
    assert lesson is not None or found


@given(st.lists(st.tuples(st.integers(0, len(SMALL)), st.integers(0, 30), PIECES), max_size=5))
def test_any_damage_is_read_or_refused(damage: list[tuple[int, int, str]]) -> None:
    text = SMALL
    for place, length, piece in damage:
        text = text[:place] + piece + text[place + length :]
    lines = text.count("\n") + 1
    try:
        found = check_text(text.encode("utf-8", "surrogatepass"), HERE)[1]
    except LaminaError:
        return
    assert all(1 <= fault.line <= lines for fault in found)
