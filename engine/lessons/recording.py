"""A run of a lesson as something to keep: an asciicast, version 2, and a page in Markdown.

Source: asciinema documentation, "asciicast v2".
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator
from typing import TextIO

from engine.lessons.events import (
    Acted,
    Checked,
    LessonDone,
    LessonEvent,
    LessonStarted,
    Pictured,
    Ran,
    Skipped,
    StepDone,
    StepStarted,
)

_SPECIAL = re.compile(r"([\\*_\[\]<>#|])")


class Cast:
    """Writes what a terminal is sent, with its moment.

    :param file: closed by whoever opened it. :param columns: and rows, of the terminal it is played in.
    """

    def __init__(self, file: TextIO, columns: int, rows: int, title: str) -> None:
        self._file, self._began = file, time.monotonic()
        header = {
            "version": 2, "width": columns, "height": rows, "timestamp": int(time.time()), "title": title,
            "env": {"TERM": "xterm-256color"},
        }  # fmt: skip
        file.write(json.dumps(header) + "\n")

    def write(self, text: str) -> None:
        """Note that the terminal was sent this just now."""
        moment = round(time.monotonic() - self._began, 6)
        self._file.write(json.dumps([moment, "o", text.replace("\n", "\r\n")]) + "\n")


def markdown(events: Iterable[LessonEvent]) -> str:
    """A page of what was told, done and measured."""
    lines: list[str] = []
    for event in events:
        lines += _page(event)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def _page(event: LessonEvent) -> Iterator[str]:
    match event:
        case LessonStarted(title=title, about=about):
            yield from (f"# {_plain(title)}", "", _plain(about), "")
        case StepStarted(number=number, title=title, text=text, terms=terms):
            yield from (f"## {number}. {_plain(title)}", "", text, "")
            yield from (f"- **{term.name}**: {term.means} See {_seen(term.see)}." for term in terms)
            yield ""
        case Ran(command=command, output=output):
            yield from ("", *_fenced([f"$ {command}", *output]), "")
        case Acted(said=said):
            yield from ("", f"*{_plain(said)}*", "")
        case Skipped(why=why, hint=hint):
            yield from ("", f"> Skipped on this machine: {_plain(why)} {_plain(hint)}", "")
        case Pictured(picture=picture):
            drawn = ["".join(span.text for span in line).rstrip() for line in picture.lines]
            yield from ("", f"**{_plain(picture.title)}**", "", *_fenced(drawn), "")
        case Checked(ok=ok, said=said):
            yield f"- {'done' if ok else 'NOT done'}: {_plain(said)}"
        case StepDone(after=after):
            yield from ("", after, "")
        case LessonDone(ok=ok, seconds=seconds):
            yield from ("---", f"{'All steps held.' if ok else 'Not all steps held.'} {seconds:.1f} s.")
        case _:
            return


def _seen(see: str) -> str:
    """Where a word is to be seen, its commands set apart."""
    ways = map(str.strip, see.split(";"))
    return ", or ".join(f"`{way}`" if way.startswith("lamina ") else way for way in ways)


def _fenced(lines: list[str]) -> list[str]:
    """Lines as they are, in a fence longer than any of theirs."""
    longest = max((len(run) for line in lines for run in re.findall(r"`{3,}", line)), default=2)
    fence = "`" * (longest + 1)
    return [fence, *lines, fence]


def _plain(text: str) -> str:
    """Text in which nothing is markup."""
    return _SPECIAL.sub(r"\\\1", text)
