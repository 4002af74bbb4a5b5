"""The verb lab: sample images (up, down, status), and lessons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli import lessons
from engine.cli.output import format_option, print_json, print_table
from engine.cli.session import Session, pass_session
from engine.cli.words import size

if TYPE_CHECKING:
    from engine.lab.models import LabProgress, LabStatus


@click.group()
def lab() -> None:
    """Sample images made of this host's own programs, served on a loopback port; and lessons on them.

    While it is up, `lamina pull lab/web:1` pulls them over HTTP as from any registry.
    Lessons serve their own.
    """


for _verb in (lessons.lessons, lessons.start, lessons.reset, lessons.check, lessons.glossary):
    lab.add_command(_verb)


@lab.command()
@click.option(
    "--speed", metavar="SIZE",
    help="Hold the link to so many bytes a second (512k, 2m), all pulls together; 0 is no limit.",
)  # fmt: skip
@format_option
@pass_session
def up(session: Session, speed: str | None, as_json: bool) -> None:
    """Make the sample images where they are missing, and serve them.

    Where they are served already, --speed holds to another speed from now on.
    """
    from engine.cli.quantities import size_of

    held = None if speed is None else size_of("--speed", speed)
    _show(session.rooms.lab.up(_tell, speed=held), as_json)


@lab.command()
@format_option
@pass_session
def down(session: Session, as_json: bool) -> None:
    """Stop serving; the images stay, and so does what was pulled."""
    _show(session.rooms.lab.down(), as_json)


@lab.command()
@format_option
@pass_session
def status(session: Session, as_json: bool) -> None:
    """Show whether the lab serves, where, and what."""
    _show(session.rooms.lab.status(), as_json)


def _tell(progress: LabProgress) -> None:
    click.echo(f"{progress.done}/{progress.total} {progress.what}", err=True)


def _show(found: LabStatus, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    if found.running:
        held = f", held to {size(found.speed)} a second" if found.speed else ""
        click.echo(f"The lab serves on {found.address} (process {found.pid}){held}.")
    else:
        click.echo("The lab is down; lamina lab up starts it.")
    if found.images:
        rows = [(image.name, str(image.layers), size(image.compressed)) for image in found.images]
        print_table(("IMAGE", "LAYERS", "COMPRESSED"), rows)
