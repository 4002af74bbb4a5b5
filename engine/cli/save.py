"""The verb save: images into an archive."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine.cli import complete
from engine.cli.session import Session, pass_session
from engine.errors import InvalidArgument
from engine.printable import printable

_STDOUT = 1


@click.command()
@click.argument("names", metavar="IMAGE...", nargs=-1, required=True, shell_complete=complete.images)
@click.option("-o", "--output", metavar="FILE|DIR", help="Write there instead of to standard output.")
@click.option(
    "--format", "form", type=click.Choice(["docker-archive", "oci", "oci-dir"]), default="docker-archive",
    show_default=True, help="What docker load takes, an OCI image layout as a tar file, or as a directory.",
)  # fmt: skip
@click.option(
    "--compress", type=click.Choice(["gzip", "zstd", "none"]),
    help="How layers are packed; else not at all in a docker-archive, and as they came in an OCI layout.",
)  # fmt: skip
@pass_session
def save(
    session: Session, names: tuple[str, ...], output: str | None, form: str, compress: str | None
) -> None:
    """Save images, with all their layers, to one archive."""
    from engine.images.archive_models import ArchiveFormat, Compression

    if output is None and sys.stdout.isatty():
        raise InvalidArgument(
            "an archive is not for a terminal", hint="say where it goes: lamina save -o FILE IMAGE, or > FILE"
        )
    target = _STDOUT if output is None else Path(output)
    packed = None if compress is None else Compression(compress)
    result = session.rooms.images.save(names, target, ArchiveFormat(form), packed)
    for note in result.notes:
        click.echo(f"note: {printable(note)}", err=True)
