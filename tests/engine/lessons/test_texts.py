"""Figures, claims, terms and recordings."""

from __future__ import annotations

import io
import json

import pytest

from engine.lessons import glossary, prose
from engine.lessons.events import LessonStarted, Ran, StepStarted
from engine.lessons.figures import Figure, Unit
from engine.lessons.models import Term
from engine.lessons.recording import Cast, markdown


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (Figure(0, Unit.BYTES), "0 B"), (Figure(999_499, Unit.BYTES), "999 kB"),
        (Figure(999_999, Unit.BYTES), "1 MB"), (Figure(52_428_800, Unit.BYTES), "52.4 MB"),
        (Figure(0.0123, Unit.SECONDS), "12.3 ms"), (Figure(2.5, Unit.SECONDS), "2.5 s"),
        (Figure(86400.5, Unit.SECONDS), "86,400 s"),
        (Figure(12345, Unit.COUNT), "12,345"), (Figure(1.23456, Unit.RATIO), "1.23"),
        (Figure(33.4, Unit.PERCENT), "33 %"), (Figure("a\x1b[31m\nb"), "a\N{REPLACEMENT CHARACTER}[31m"),
        (Figure((1.0, 3.0, 2.0), Unit.SERIES), "1 to 3"), (Figure((), Unit.SERIES), "nothing"),
    ],
)  # fmt: skip
def test_figures_are_said_with_their_unit(figure: Figure, said: str) -> None:
    assert str(figure) == said


@pytest.mark.parametrize(
    "text",
    [
        "50 MB",
        "takes 3 seconds",
        "20%",
        "ten times: 10 times",
        "1.5 GiB",
        "3 layers",
        "5 hours",
        "ten seconds",
        "twice as fast",
        "3x",
    ],
)
def test_figure_with_a_unit_is_a_claim(text: str) -> None:
    assert list(prose.claims(text))


@pytest.mark.parametrize("text", ["version 2", "`bs=1M count=50`", "port 8000", "two layers", "{measured.a}"])
def test_plain_number_is_no_claim(text: str) -> None:
    assert not list(prose.claims(text))


def test_long_term_hides_the_short_one_in_it() -> None:
    assert [name for name, _ in glossary.first_unmarked("A [writable layer]; a published port.", set())] == [
        "published port"
    ]


def test_plural_of_a_term_is_the_term() -> None:
    assert list(glossary.first_unmarked("Two registries.", set())) == [("registry", 4)]


def test_mark_after_the_first_use_is_too_late() -> None:
    assert list(glossary.first_unmarked("An image is an [image].", set())) == [("image", 3)]


def test_marks_are_not_read_aloud() -> None:
    assert glossary.unmarked("[layer]s of `a[b]`") == "layers of `a[b]`"


def test_each_term_has_one_sentence_and_a_place_to_see_it() -> None:
    for term in glossary.glossary().values():
        assert term.means.endswith("."), term.name
        assert term.means.rstrip(".").count(". ") == 0, term.name
        assert term.see, term.name


def test_recording_is_an_asciicast() -> None:
    file = io.StringIO()
    cast = Cast(file, 100, 40, "Image")
    cast.write("a\nb")
    header, event = map(json.loads, file.getvalue().splitlines())
    assert (header["version"], header["width"], header["height"]) == (2, 100, 40)
    assert event[0] >= 0
    assert event[1:] == ["o", "a\r\nb"]


def test_output_cannot_leave_its_fence_in_markdown() -> None:
    page = markdown([
        LessonStarted("a", "A *title*", "about", 1, "/s"),
        StepStarted(1, "One", "text", (), ()),
        Ran(1, "lamina ps", ("```", "<b>"), 0, 0.1),
    ])  # fmt: skip
    assert "# A \\*title\\*" in page
    assert "````\n$ lamina ps\n```\n<b>\n````" in page


def test_page_says_where_a_word_is_seen() -> None:
    term = Term("image", "Files.", "lamina images; panel 1 of the workstation")
    page = markdown([StepStarted(1, "One", "text", (term,), ())])
    assert "- **image**: Files. See `lamina images`, or panel 1 of the workstation." in page
