"""The verb image: Docker's group of verbs about images, and image prune."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli.aliases import group_of
from engine.cli.output import format_option, print_json
from engine.cli.session import Session, pass_session
from engine.cli.words import size
from engine.printable import printable

if TYPE_CHECKING:
    from engine.images.pruning import PrunedImages

# The same commands under Docker's longer names.
_ELSEWHERE = {
    "history": "engine.cli.history:history",
    "inspect": "engine.cli.inspect:inspect_image",
    "load": "engine.cli.load:load",
    "ls": "engine.cli.images:images",
    "pull": "engine.cli.pull:pull",
    "push": "engine.cli.push:push",
    "rm": "engine.cli.images:rmi",
    "save": "engine.cli.save:save",
    "tag": "engine.cli.images:tag",
}


@click.group(cls=group_of(_ELSEWHERE))
def image() -> None:
    """Images, by Docker's longer names of the verbs."""


@image.command()
@click.option("-a", "--all", "all_unused", is_flag=True, help="Also images that have a name.")
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@format_option
@pass_session
def prune(session: Session, all_unused: bool, force: bool, as_json: bool) -> None:
    """Remove images that have no name, or all without a container, and what interrupted pulls left."""
    images = session.rooms.images
    if not force:
        found = images.preview_prune(all_unused)
        click.echo(
            f"This would remove {len(found.images)} images and {found.leftovers} left-over things,"
            f" and free {size(found.freed)} ({found.freed} bytes).",
            err=as_json,
        )
        click.confirm("Go on?", abort=True, err=as_json)
    pruned = images.prune(all_unused)
    if as_json:
        print_json(pruned)
        return
    print_pruned_images(pruned)
    click.echo(f"Total reclaimed space: {size(pruned.freed)} ({pruned.freed} bytes)")


def print_pruned_images(pruned: PrunedImages) -> None:
    """Say what went, in the words of `rmi`."""
    for removed in pruned.images:
        for name in removed.untagged:
            click.echo(f"Untagged: {printable(name)}")
        click.echo(f"Deleted: {removed.deleted_image}")
        for diff_id in removed.deleted_layers:
            click.echo(f"Deleted: {diff_id}")
    if pruned.leftovers:
        click.echo(f"Deleted what was left over: {pruned.leftovers} ({size(pruned.leftover_bytes)})")
