"""Verbs that ask a registry: pull, plan."""

from __future__ import annotations

import click

from engine.cli.ending import each
from engine.cli.output import format_option, print_json, print_table
from engine.cli.pulling import pull_image, told_of_lab
from engine.cli.session import Session, pass_session, platform_option
from engine.cli.words import counted, size
from engine.errors import InvalidArgument, NotFound, PermissionDenied, Unavailable
from engine.printable import printable


@click.command()
@click.argument("reference")
@platform_option
@click.option("-a", "--all-tags", is_flag=True, help="Every tag of the repository that REFERENCE names.")
@click.option("-q", "--quiet", is_flag=True, help="Print only the image's name.")
@pass_session
def pull(session: Session, reference: str, platform: str, all_tags: bool, quiet: bool) -> int:
    """Bring the image REFERENCE here; only layers that are missing travel."""

    def bring(name: str) -> None:
        result = pull_image(session.rooms, name, platform, quiet=quiet)
        click.echo(printable(result.plan.reference))

    if not all_tags:
        bring(reference)
        return 0
    return each(_all_of(session, reference), bring)


def _all_of(session: Session, reference: str) -> list[str]:
    """The names of all images of a repository."""
    import asyncio

    from engine.oci import Reference
    from engine.registry import RegistryClient

    asked = Reference.parse(reference)
    if asked.digest is not None or asked.tag not in (None, "latest") or reference.endswith(":latest"):
        raise InvalidArgument(f"--all-tags: {reference} names one image", hint="name the repository alone")

    async def tags() -> list[str]:
        async with RegistryClient(session.settings) as client:
            return await client.tags(asked)

    return [asked._replace(tag=tag).familiar for tag in asyncio.run(tags())]


@click.command()
@click.argument("reference")
@platform_option
@format_option
@click.option("--json", "short_json", is_flag=True, help="The same as --format json.")
@pass_session
def plan(session: Session, reference: str, platform: str, as_json: bool, short_json: bool) -> None:
    """Show what pulling REFERENCE would fetch and what is here already; changes nothing.

    What travels is told to the byte. What the store grows by, compressed and unpacked, is estimated, for no
    manifest says what a layer unpacks to.
    """
    import asyncio

    try:
        found = asyncio.run(session.rooms.images.plan(reference, platform))
    except (NotFound, PermissionDenied, Unavailable) as error:
        raise told_of_lab(session.rooms, reference, error) from error
    if as_json or short_json:
        print_json(found)
        return
    headings = ("POSITION", "DIFF ID", "COMPRESSED", "STATE")
    rows = [
        (str(layer.position), layer.diff_id.short, size(layer.size), "here" if layer.here else "to fetch")
        for layer in found.layers
    ]
    print_table(headings, rows)
    missing = sum(not layer.here for layer in found.layers)
    kept = sum({layer.diff_id: layer.kept for layer in found.layers}.values())
    click.echo(
        f"to fetch: {size(found.fetch_bytes)} of {size(found.total_bytes)}, "
        f"{missing} of {counted(len(found.layers), 'layer')}; on disk about +{size(found.disk_bytes)}"
        + (f"; {size(kept)} more are here from a pull that was interrupted" if kept else "")
    )
