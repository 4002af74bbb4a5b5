"""The verb export: all files of a container as one archive."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine.cli import complete
from engine.cli.session import Session, pass_session
from engine.errors import InvalidArgument

_STDOUT = 1


@click.command()
@click.argument("container", shell_complete=complete.containers)
@click.option("-o", "--output", metavar="FILE", help="Write there instead of to standard output.")
@pass_session
def export(session: Session, container: str, output: str | None) -> None:
    """Write all files of CONTAINER as a tar archive, without what is mounted there. It may run or not."""
    from engine.containers.exporting import output_file

    if output is not None:
        with output_file(Path(output)) as descriptor:
            session.rooms.files.export(container, descriptor)
        return
    if sys.stdout.isatty():
        raise InvalidArgument("an archive is not for a terminal", hint="lamina export -o FILE, or > FILE")
    session.rooms.files.export(container, _STDOUT)
