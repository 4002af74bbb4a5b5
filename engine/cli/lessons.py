"""The lessons of the verb lab: lessons, start, reset, check, glossary."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.output import format_option, print_json, print_table
from engine.cli.session import Session, pass_session

if TYPE_CHECKING:
    from typing import TextIO

    from engine.lessons.events import LessonEvent
    from engine.lessons.models import Lesson

_SIZE = (100, 40)  # columns and rows of a recording


@click.command()
@format_option
@pass_session
def lessons(session: Session, as_json: bool) -> None:
    """List the lessons, and how far you are in each."""
    from engine.lessons import catalogue
    from engine.lessons.progress import read_progress

    found, faults = catalogue.lessons()
    progress = read_progress(session.settings)
    if as_json:
        print_json([
            {"name": each.name, "title": each.title, "about": each.about, "steps": len(each.steps),
             "done": progress.get(each.name, 0), "ours": each.ours}
            for each in found
        ])  # fmt: skip
    else:
        rows = [
            (each.name, f"{min(progress.get(each.name, 0), len(each.steps))}/{len(each.steps)}", each.about)
            for each in found
        ]
        print_table(("LESSON", "DONE", "ABOUT"), rows)
    for fault in faults:
        click.echo(f"{fault.message}", err=True)


@click.command()
@click.argument("name")
@click.option("--auto", is_flag=True, help="Do everything unattended.")
@click.option(
    "--speed", metavar="N", type=click.FloatRange(0, 1000), default=1.0,
    help="With --auto: times the speed of reading; 0 does not wait.",
)  # fmt: skip
@click.option(
    "--from", "first", metavar="STEP", type=click.IntRange(1), default=1,
    help="Begin at this step; those before are done for you.",
)  # fmt: skip
@click.option(
    "--set",
    "choices",
    metavar="NAME=VALUE",
    multiple=True,
    help="Choose a value of the lesson, as speed=500000.",
)
@click.option("--record", metavar="FILE.cast", help="Record the terminal (asciicast version 2).")
@click.option("--export", metavar="FILE.md", help="Write what was done and measured as Markdown.")
@click.option("--projector", is_flag=True, help="Large and high in contrast, one screen for each step.")
@pass_session
def start(
    session: Session, name: str, auto: bool, speed: float, first: int, choices: tuple[str, ...],
    record: str | None, export: str | None, projector: bool,
) -> int:  # fmt: skip
    """Start the lesson NAME, or that of a number.

    It works in a store of its own, which is gone at the end. NAME may be the path of a file.
    """
    from engine.errors import InvalidArgument
    from engine.lessons.catalogue import lesson
    from engine.lessons.choosing import with_choices
    from engine.lessons.reading import read_lesson

    found = with_choices(read_lesson(Path(name)) if name.endswith(".toml") else lesson(name), choices)
    if first > len(found.steps):
        raise InvalidArgument(f"{found.name} has {len(found.steps)} steps, there is no step {first}")
    events: list[LessonEvent] = []
    with contextlib.ExitStack() as files:
        cast = files.enter_context(_written(record)) if record else None
        page = files.enter_context(_written(export)) if export else None
        try:
            return asyncio.run(_taught(session, found, auto, speed, first, projector, cast, events))
        finally:
            if page is not None:
                from engine.lessons.recording import markdown

                page.write(markdown(events))


async def _taught(
    session: Session, lesson: Lesson, auto: bool, speed: float, first: int, projector: bool,
    cast: TextIO | None, events: list[LessonEvent],
) -> int:  # fmt: skip
    from engine.cli.lesson_screen import LessonScreen
    from engine.cli.lesson_session import Session as Leading
    from engine.lessons.progress import keep_progress
    from engine.lessons.recording import Cast
    from engine.lessons.runner import LessonRun
    from engine.lessons.scratch import opened

    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    settings = session.settings
    size = shutil.get_terminal_size(_SIZE)
    also = Cast(cast, size.columns, size.lines, lesson.title).write if cast is not None else None
    screen = LessonScreen(projector=projector, also=also)
    screen.line("  Making the lesson's store…", "2")
    try:
        async with opened(settings, lesson.given) as place:
            leading = Leading(
                LessonRun(lesson, place), screen, events.append,
                lambda step: keep_progress(settings, lesson.name, step),
            )  # fmt: skip
            if auto:
                return 0 if await leading.unattended(first, speed) else 1
            await leading.interactive(first)
            return 0
    except asyncio.CancelledError:
        screen.line("\n  The lesson was ended, and its store removed.", "2")
        raise


@click.command()
@click.argument("name")
@pass_session
def reset(session: Session, name: str) -> None:
    """Forget how far you are in the lesson NAME, and remove what a lesson that was killed left."""
    from engine.lessons import scratch
    from engine.lessons.catalogue import lesson
    from engine.lessons.progress import keep_progress

    found = lesson(name)
    asyncio.run(scratch.reset(session.settings))
    keep_progress(session.settings, found.name, 0)
    click.echo(f"{found.name} begins at its first step again.")


@click.command()
@click.argument("file", metavar="FILE")
def check(file: str) -> int:
    """Check the lesson of FILE, and name what is wrong with it by line."""
    from engine.lessons.reading import check_file
    from engine.printable import printable

    lesson, faults = check_file(Path(file))
    for fault in faults:
        hint = f" ({fault.hint})" if fault.hint else ""
        click.echo(printable(f"{file}:{fault.line}: {fault.message}{hint}"), err=True)
    if faults or lesson is None:
        return 1
    click.echo(printable(f"{file}: {lesson.title}, {len(lesson.steps)} steps, nothing is wrong."))
    return 0


@click.command()
@click.argument("word", required=False, default="")
@format_option
def glossary(word: str, as_json: bool) -> None:
    """Explain the words of the field, or WORD alone: each with a sentence, and where to see it."""
    from engine.errors import NotFound
    from engine.lessons.glossary import glossary as words
    from engine.lessons.glossary import term_of

    if word:
        term = term_of(word.lower())
        if term is None:
            raise NotFound(f"{word!r} is not in the glossary", hint="lamina lab glossary lists its words")
        found = [term]
    else:
        found = list(words().values())
    if as_json:
        print_json(found)
        return
    for each in found:
        click.echo(f"{each.name}\n    {each.means}\n    see: {each.see}")


def _written(path: str) -> TextIO:
    from engine.errors import PermissionDenied

    try:
        return Path(path).open("w", encoding="utf-8")
    except OSError as error:
        raise PermissionDenied(f"cannot write {path}: {error.strerror}") from error
