"""Verbs that make images without a registry: commit, import."""

from __future__ import annotations

import os
import sys

import click

from engine.cli import complete
from engine.cli.output import format_option, print_json
from engine.cli.session import Session, pass_session, platform_option
from engine.errors import InvalidArgument, NotFound
from engine.images.making import MadeImage
from engine.printable import printable

_STDIN = 0
_change_option = click.option(
    "-c", "--change", "changes", multiple=True, metavar="INSTRUCTION",
    help="A line of a Dockerfile, such as 'CMD [\"sh\"]' or 'ENV A=1'.",
)  # fmt: skip


class _Commit(click.Command):
    """`-p` and `--pause` take a value or do without, as Docker's flags do."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give those without a value theirs."""
        return super().parse_args(
            ctx, ["--pause=true" if word in ("-p", "--pause") else word for word in args]
        )


@click.command(cls=_Commit)
@click.argument("container", shell_complete=complete.containers)
@click.argument("name", metavar="[NAME[:TAG]]", default="")
@click.option("-m", "--message", default="", help="What it is, for its history.")
@click.option("-a", "--author", default="", help="Who made it.")
@_change_option
@click.option(
    "-p", "--pause", type=bool, default=True, show_default=True, metavar="[true|false]",
    help="Hold the container's processes meanwhile.",
)  # fmt: skip
@format_option
@pass_session
def commit(
    session: Session, container: str, name: str, message: str, author: str, changes: tuple[str, ...],
    pause: bool, as_json: bool,
) -> None:  # fmt: skip
    """Make an image of CONTAINER: its image, with a layer of what it changed."""
    import asyncio

    files = session.rooms.files
    made = asyncio.run(
        files.commit(container, name, message=message, author=author, changes=changes, pause=pause)
    )
    _say(made, as_json)


@click.command("import")
@click.argument("source", metavar="FILE|-")
@click.argument("name", metavar="[NAME[:TAG]]", default="")
@click.option("-m", "--message", default="", help="What it is, for its history.")
@_change_option
@platform_option
@format_option
@pass_session
def import_(
    session: Session,
    source: str,
    name: str,
    message: str,
    changes: tuple[str, ...],
    platform: str,
    as_json: bool,
) -> None:
    """Make an image of one layer of a root file system's tar archive, packed with gzip or zstd or not."""
    import asyncio

    if source.startswith(("http://", "https://")):
        raise InvalidArgument(
            "nothing is fetched from an address", hint="curl -fsL URL | lamina import - NAME"
        )
    if source == "-" and sys.stdin.isatty():
        raise InvalidArgument("there is no archive on standard input", hint="name its file")
    descriptor = _STDIN if source == "-" else _open(source)
    try:
        work = session.rooms.images.import_archive(
            descriptor, name, message=message, changes=changes, platform=platform
        )
        made = asyncio.run(work)
    finally:
        if descriptor != _STDIN:
            os.close(descriptor)
    _say(made, as_json)


def _open(path: str) -> int:
    try:
        if os.path.isdir(path):
            raise InvalidArgument(
                f"{path} is a directory", hint="lamina import takes an archive: tar -c makes one"
            )
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}") from error
    except OSError as error:
        raise InvalidArgument(f"{path} cannot be read: {error.strerror}") from error


def _say(made: MadeImage, as_json: bool) -> None:
    if as_json:
        print_json(made)
        return
    click.echo(made.id)
    for note in made.notes:
        click.echo(f"note: {printable(note)}", err=True)
