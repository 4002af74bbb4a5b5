"""Verbs that end or remove containers: stop, kill, rm, wait."""

from __future__ import annotations

import click

from engine.cli import complete
from engine.cli.ending import each, say_error
from engine.cli.refusing import Refusing
from engine.cli.session import Session, pass_session
from engine.cli.several import asking, several
from engine.errors import NotFound


@click.command()
@several(complete.running)
@asking
@pass_session
def stop(session: Session, names: tuple[str, ...], grace: float | None, signal: str) -> int:
    """Ask containers to end with their stop signal; kill those that do not."""

    def stop_one(name: str) -> None:
        session.rooms.containers.stop(name, grace, signal)
        click.echo(name)

    return each(names, stop_one)


@click.command()
@several(complete.running)
@click.option("-s", "--signal", default="KILL", show_default=True, help="Name or number.")
@pass_session
def kill(session: Session, names: tuple[str, ...], signal: str) -> int:
    """Send a signal to the first process of containers."""

    def kill_one(name: str) -> None:
        session.rooms.containers.kill(name, signal)
        click.echo(name)

    return each(names, kill_one)


@click.command(cls=Refusing)
@several(complete.containers)
@click.option("-f", "--force", is_flag=True, help="Kill those that run.")
@click.option("-v", "--volumes", is_flag=True, help="Also volumes that were made for them without a name.")
@pass_session
def rm(session: Session, names: tuple[str, ...], force: bool, volumes: bool) -> int:
    """Remove containers and what was written in them."""

    def remove(name: str) -> None:
        try:
            session.rooms.containers.remove(name, force, volumes)
        except NotFound as error:
            if not force:
                raise
            say_error(error)  # what is not there is no failure of force, as with Docker
        else:
            click.echo(name)

    return each(names, remove)


@click.command()
@several(complete.running)
@pass_session
def wait(session: Session, names: tuple[str, ...]) -> int:
    """Wait until containers have ended; print the exit code of each."""

    def wait_one(name: str) -> None:
        click.echo(session.rooms.containers.wait(name))

    return each(names, wait_one)
