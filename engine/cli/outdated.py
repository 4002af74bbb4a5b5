"""The verb outdated: which tags moved on in their registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli import complete
from engine.cli.output import format_option, print_json, print_table
from engine.cli.session import Session, pass_session
from engine.cli.words import size
from engine.images.moves import Standing

if TYPE_CHECKING:
    from engine.images.moves import TagStanding


@click.command()
@click.argument("names", metavar="[IMAGE]...", nargs=-1, shell_complete=complete.images)
@click.option("-a", "--all", "everything", is_flag=True, help="Also tags that are current.")
@format_option
@pass_session
def outdated(session: Session, names: tuple[str, ...], everything: bool, as_json: bool) -> None:
    """Show which tags are another image in their registry now, and what an update would fetch.

    Manifests and configs are read, layers are not. Without IMAGE, all tags are looked at.
    """
    import asyncio

    found = asyncio.run(session.rooms.images.outdated(names))
    if as_json:
        print_json(found)
        return
    rows = [each for each in found if everything or names or each.standing is not Standing.CURRENT]
    if rows:
        headings = ("IMAGE", "STATE", "HERE", "REGISTRY", "TO FETCH", "LAYERS")
        print_table(headings, [_row(each) for each in rows])
    current = sum(each.standing is Standing.CURRENT for each in found)
    click.echo(f"{current} of {len(found)} tags are current")


def _row(each: TagStanding) -> tuple[str, ...]:
    state = f"{each.standing}: {each.reason}" if each.reason else str(each.standing)
    remote = each.remote_digest.short if each.remote_digest else ""
    if each.standing is not Standing.NEWER:
        return (each.name, state, each.local_digest.short, remote, "", "")
    cost = f"{size(each.fetch_bytes)} of {size(each.total_bytes)}"
    return (
        each.name, state, each.local_digest.short, remote, cost, f"{each.fetch_layers} of {each.layers}",
    )  # fmt: skip
