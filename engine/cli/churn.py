"""The verb churn: what a repository's releases cost those who follow them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli.output import format_option, print_json, print_table
from engine.cli.session import Session, pass_session, platform_option
from engine.cli.words import ago, counted, size
from engine.printable import printable

if TYPE_CHECKING:
    from engine.images.moves import Churn, Release

_LONGEST = 60  # characters of an instruction


@click.command()
@click.argument("repository")
@click.option(
    "--last", type=click.IntRange(1, 100), default=10, show_default=True, help="How many releases to show."
)
@click.option("--filter", "pattern", metavar="GLOB", default="*", help="Only tags like this: '15.*'.")
@click.option("--layers", "with_layers", is_flag=True, help="Name the layers that each release brought.")
@platform_option
@format_option
@pass_session
def churn(
    session: Session,
    repository: str,
    last: int,
    pattern: str,
    with_layers: bool,
    platform: str,
    as_json: bool,
) -> None:
    """Show what each of the last releases of REPOSITORY cost those who had the one before.

    Manifests and configs are read, layers are not. Tags of one image are one release; the oldest comes
    first, by the time in its config.
    """
    import asyncio

    from engine.images.churn import churn as ask

    found = asyncio.run(ask(session.settings, repository, last=last, pattern=pattern, platform=platform))
    if as_json:
        print_json(found)
        return
    _print(found)
    if with_layers:
        for release in found.releases:
            _print_layers(release)


def _print(found: Churn) -> None:
    headings = ("TAG", "ALSO", "CREATED", "NEW LAYERS", "COST", "OF")
    print_table(headings, [_row(release) for release in found.releases])
    updates = found.releases[1:]
    if updates:
        spent, whole = (sum(getattr(each, key) for each in updates) for key in ("cost", "total"))
        share = f", {100 * spent / whole:.0f}% of pulling each anew" if whole else ""
        click.echo(f"following {counted(len(updates), 'update')} costs {size(spent)}{share}")
    for reason in found.skipped:
        click.echo(printable(f"left out {reason}"), err=True)


def _row(release: Release) -> tuple[str, ...]:
    new = sum(layer.new for layer in release.layers)
    return (
        release.tag,
        " ".join(release.also),
        ago(release.created),
        f"{new} of {len(release.layers)}",
        size(release.cost),
        size(release.total),
    )


def _print_layers(release: Release) -> None:
    click.echo(f"\n{printable(release.tag)}")
    rows = []
    for layer in release.layers:
        if layer.new:
            words = " ".join(layer.created_by.split())
            short = words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
            rows.append((str(layer.position), layer.diff_id.short, size(layer.size), short))
    print_table(("POSITION", "DIFF ID", "COMPRESSED", "INSTRUCTION"), rows)
