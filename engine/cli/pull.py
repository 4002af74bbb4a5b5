"""Verbs that ask a registry: pull, plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli.output import format_option, print_json, print_table
from engine.cli.progress import PullProgress
from engine.cli.session import Session, pass_session, platform_option
from engine.cli.words import size
from engine.errors import LaminaError, NotFound, PermissionDenied, Unavailable
from engine.printable import printable

if TYPE_CHECKING:
    from engine.images.models import PullResult


@click.command()
@click.argument("reference")
@platform_option
@click.option("-q", "--quiet", is_flag=True, help="Print only the image's name.")
@pass_session
def pull(session: Session, reference: str, platform: str, quiet: bool) -> None:
    """Bring the image REFERENCE here; only layers that are missing travel."""
    result = pull_image(session, reference, platform, quiet=quiet)
    click.echo(printable(result.plan.reference))


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
        raise _told_of_lab(session, reference, error) from error
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
        f"{missing} of {_layers(len(found.layers))}; on disk about +{size(found.disk_bytes)}"
        + (f"; {size(kept)} of these are here already, from a pull that was interrupted" if kept else "")
    )


def pull_image(session: Session, reference: str, platform: str = "", *, quiet: bool = False) -> PullResult:
    """Pull with progress on stderr, and a last line that says what travelled."""
    import asyncio

    progress = PullProgress(quiet)

    async def work() -> PullResult:
        images = session.rooms.images
        return await images.pull(reference, platform, on_plan=progress.plan, on_progress=progress.layer)

    try:
        result = asyncio.run(work())
    except (NotFound, PermissionDenied, Unavailable) as error:
        raise _told_of_lab(session, reference, error) from error
    finally:
        progress.close()
    if not quiet:
        click.echo(_outcome(result), err=True)
        for note in result.notes:
            click.echo(f"note: {printable(note)}", err=True)
    return result


def _outcome(result: PullResult) -> str:
    """What was planned and what came of it, side by side."""
    plan, fetched = result.plan, result.fetched_bytes
    missing = sum(not layer.here for layer in plan.layers)
    # Exact where they differ: both may round to the same.
    planned = "as planned" if fetched == plan.fetch_bytes else f"{fetched} bytes, planned {plan.fetch_bytes}"
    return (
        f"fetched {size(fetched)} of {size(plan.total_bytes)} ({planned}), {missing} of"
        f" {_layers(len(plan.layers))}; on disk +{size(result.disk_bytes)}"
        f" (planned about +{size(plan.disk_bytes)})"
    )


def _layers(count: int) -> str:
    return f"{count} layer{'' if count == 1 else 's'}"


def _told_of_lab(session: Session, reference: str, error: LaminaError) -> LaminaError:
    """The error, with a hint at the lab where the name is one of its names and it does not serve."""
    if not reference.startswith("lab/") or session.rooms.lab.status().running:
        return error
    return type(error)(error.message, hint="the sample images under lab/ are served by: lamina lab up")
