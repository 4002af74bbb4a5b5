"""Verbs that list what a registry has: tags, search."""

from __future__ import annotations

import click

from engine.cli.output import format_option, print_json
from engine.cli.session import Session, pass_session
from engine.printable import printable


@click.command()
@click.argument("repository")
@format_option
@pass_session
def tags(session: Session, repository: str, as_json: bool) -> None:
    """List the tags of REPOSITORY in its registry, versions in their order."""
    import asyncio

    from engine.images.churn import natural
    from engine.oci import Reference
    from engine.registry import RegistryClient

    reference = Reference.parse(repository)

    async def ask() -> list[str]:
        async with RegistryClient(session.settings) as client:
            return await client.tags(reference)

    _print(sorted(asyncio.run(ask()), key=natural), as_json)


@click.command()
@click.argument("where", metavar="HOST[/PREFIX]")
@format_option
@pass_session
def search(session: Session, where: str, as_json: bool) -> None:
    """List the repositories of the registry HOST, those that begin with PREFIX.

    Only registries that list their repositories can be searched; the large public ones do not.
    """
    import asyncio

    from engine.registry import RegistryClient
    from engine.registry.login import registry_name

    host, _, prefix = where.partition("/")
    domain = registry_name(host)

    async def ask() -> list[str]:
        async with RegistryClient(session.settings) as client:
            return await client.repositories(domain)

    found = sorted(asyncio.run(ask()))
    _print([f"{domain}/{name}" for name in found if name.startswith(prefix)], as_json)


def _print(names: list[str], as_json: bool) -> None:
    if as_json:
        print_json(names)
        return
    for name in names:
        click.echo(printable(name))
