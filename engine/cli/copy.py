"""The verb copy: an image from registry to registry."""

from __future__ import annotations

import click

from engine.cli.output import format_option, print_json
from engine.cli.push import BlobLines, say
from engine.cli.session import Session, pass_session, platform_option


@click.command()
@click.argument("source")
@click.argument("target")
@click.option("-a", "--all", "everything", is_flag=True, help="The images of all platforms.")
@platform_option
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@format_option
@pass_session
def copy(
    session: Session, source: str, target: str, everything: bool, platform: str, quiet: bool, as_json: bool
) -> None:
    """Copy the image SOURCE of one registry to TARGET of the same or another one.

    Nothing is unpacked or kept here, and digests stay what they are.
    """
    import asyncio

    from engine.images.copying import copy as copy_image

    if everything and platform:
        raise click.UsageError("--all and --platform exclude each other")
    shown = BlobLines(quiet)
    work = copy_image(
        session.settings, source, target, platform=platform, everything=everything, on_blob=shown.tell
    )
    try:
        result = asyncio.run(work)
    finally:
        shown.close()
    if as_json:
        print_json(result)
    else:
        say(result, quiet)
