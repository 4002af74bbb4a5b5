"""The verb container: Docker's group of verbs about containers, and container prune."""

from __future__ import annotations

import click

from engine.cli.aliases import group_of
from engine.cli.main import home_of
from engine.cli.output import format_option, print_json
from engine.cli.session import Session, pass_session
from engine.cli.words import size

# The same commands under Docker's longer names; a name of its own where it differs.
_VERBS = (
    "attach commit cp create diff exec export kill logs pause port rename restart rm run start stats "
    "stop top unpause update wait"
).split()
_ELSEWHERE = (
    {verb: home for verb in _VERBS if (home := home_of(verb))}
    | {name: home_of("ps") for name in ("ls", "list", "ps")}
    | {"inspect": "engine.cli.inspect:inspect_container"}
)


@click.group(cls=group_of(_ELSEWHERE))
def container() -> None:
    """Containers, by Docker's longer names of the verbs."""


@container.command()
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@click.option(
    "--filter", "filters", multiple=True, metavar="KEY=VALUE",
    help="Only what fits: until=10m (made before that), label=NAME[=VALUE], label!=….",
)  # fmt: skip
@format_option
@pass_session
def prune(session: Session, force: bool, filters: tuple[str, ...], as_json: bool) -> None:
    """Remove all containers that do not run."""
    from engine.cli.prune_filters import pruned_ones

    fits = pruned_ones(filters)
    if not force:
        click.echo("This will remove all containers that do not run.", err=as_json)
        click.confirm("Go on?", abort=True, err=as_json)
    pruned = session.rooms.life.prune(fits)
    if as_json:
        print_json(pruned)
        return
    if pruned.containers:
        click.echo("Deleted Containers:")
        for container_id in pruned.containers:
            click.echo(container_id)
        click.echo()
    click.echo(f"Total reclaimed space: {size(pruned.freed)}")
