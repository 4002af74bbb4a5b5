"""Verbs that read files of an image without a container: cat, extract."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli import complete
from engine.cli.looking import look_platform_option, looking
from engine.cli.output import format_option, print_json
from engine.cli.session import Session, pass_session
from engine.cli.words import counted, size
from engine.errors import InvalidArgument, LimitExceeded
from engine.layers.member import Kind
from engine.printable import printable

if TYPE_CHECKING:
    from engine.analysis.content import Contents

_MOST_JSON = 16 << 20  # bytes that fit into one document
_MOST_NAMED = 5


@click.command()
@click.argument("image", shell_complete=complete.images)
@click.argument("path")
@look_platform_option
@format_option
@pass_session
def cat(session: Session, image: str, path: str, platform: str, as_json: bool) -> None:
    """Print the file PATH of IMAGE, as a container sees it; symbolic links are followed inside the image.

    What goes to a terminal is made safe; what goes elsewhere is as it is. Of an image elsewhere layers are
    read from the top down, only as far as the file needs it.
    """
    with looking(session, platform) as inside:
        contents, row = inside.find(image, path)
        contents.prepare([contents.stack.winners[row]])
    if contents.stack.entries.kind(contents.stack.winners[row]) == Kind.DIRECTORY:
        raise InvalidArgument(f"{path} is a directory", hint=f"lamina tree {image} {path}")
    if as_json:
        _print_document(contents, row)
    else:
        _print_content(contents, row)


def _print_content(contents: Contents, row: int) -> None:
    from engine.analysis.text import chunks

    if not sys.stdout.isatty():
        for chunk in chunks(contents, row):
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
        return
    from codecs import getincrementaldecoder

    decoder = getincrementaldecoder("utf-8")("replace")
    for chunk in chunks(contents, row):
        text = decoder.decode(chunk)
        click.echo("\n".join(printable(line.expandtabs()) for line in text.split("\n")), nl=False)
    click.echo(printable(decoder.decode(b"", final=True)), nl=False)


def _print_document(contents: Contents, row: int) -> None:
    from base64 import b64encode

    from engine.analysis.text import chunks

    found = contents.stack.row(row)
    if found.size > _MOST_JSON:
        raise LimitExceeded(
            f"/{found.path} has {size(found.size)}, too much for one document", hint="leave --format json out"
        )
    content = b"".join(chunks(contents, row))
    try:
        encoded, encoding = content.decode(), "utf-8"
    except UnicodeDecodeError:
        encoded, encoding = b64encode(content).decode(), "base64"
    print_json(
        {
            "path": f"/{found.path}",
            "layer": found.position,
            "size": found.size,
            "digest": f"sha256:{found.entry.digest}",
            "encoding": encoding,
            "content": encoded,
        }
    )


@click.command()
@click.argument("image", shell_complete=complete.images)
@click.argument("path")
@click.argument("destination", metavar="DEST", type=click.Path(path_type=Path))
@look_platform_option
@format_option
@pass_session
def extract(session: Session, image: str, path: str, destination: Path, platform: str, as_json: bool) -> None:
    """Write the file or directory PATH of IMAGE to DEST on the host, as a container sees it.

    A directory DEST that is there takes it under its own name. Nothing is overwritten. Files become
    your own, without set-id bits; symbolic links are written as they are; devices are left out.
    """
    from engine.analysis.extract import extract as write

    with looking(session, platform) as inside:
        contents, row = inside.find(image, path)
        done = write(contents, row, destination)
    if as_json:
        print_json(done)
        return
    directories = f"{done.directories} director{'y' if done.directories == 1 else 'ies'}"
    told = f"{counted(done.files, 'file')}, {directories}, {counted(done.links, 'link')}, {size(done.size)}"
    click.echo(printable(f"{done.path}: {told}"))
    for skipped in done.skipped[:_MOST_NAMED]:
        click.echo(printable(f"left out: /{skipped}"), err=True)
    if len(done.skipped) > _MOST_NAMED:
        click.echo(f"left out: {len(done.skipped) - _MOST_NAMED} further devices and pipes", err=True)
