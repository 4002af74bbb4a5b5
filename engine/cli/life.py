"""Verbs for containers that live: restart, pause, unpause, rename, update."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from engine.cli import complete
from engine.cli.ending import each
from engine.cli.quantities import processors_of, size_of
from engine.cli.refusing import Refusing
from engine.cli.session import Session, pass_session
from engine.cli.several import asking, several
from engine.errors import InvalidArgument


@click.command()
@several(complete.containers)
@asking
@pass_session
def restart(session: Session, names: tuple[str, ...], grace: float | None, signal: str) -> int:
    """End containers and start them again."""

    def restart_one(name: str) -> None:
        session.rooms.life.restart(name, grace, signal)
        click.echo(name)

    return each(names, restart_one)


@click.command()
@several(complete.running)
@pass_session
def pause(session: Session, names: tuple[str, ...]) -> int:
    """Have the kernel stop every process of containers where it is."""

    def pause_one(name: str) -> None:
        session.rooms.life.pause(name)
        click.echo(name)

    return each(names, pause_one)


@click.command()
@several(complete.running)
@pass_session
def unpause(session: Session, names: tuple[str, ...]) -> int:
    """Let paused containers go on."""

    def unpause_one(name: str) -> None:
        session.rooms.life.unpause(name)
        click.echo(name)

    return each(names, unpause_one)


@click.command()
@click.argument("container", shell_complete=complete.containers)
@click.argument("name")
@pass_session
def rename(session: Session, container: str, name: str) -> None:
    """Give CONTAINER another NAME; it may run."""
    session.rooms.life.rename(container, name)


def _size(option: str, text: str) -> int:
    return -1 if text == "-1" else size_of(option, text)


# option: (field of Resources, how its text is read)
_LIMITS: dict[str, tuple[str, Callable[[str, str], Any]]] = {
    "--memory": ("memory", size_of),
    "--memory-swap": ("memory_swap", _size),
    "--memory-reservation": ("memory_reservation", size_of),
    "--cpus": ("nano_cpus", lambda option, text: 0 if text == "0" else processors_of(option, text)),
    "--cpuset-cpus": ("cpuset_cpus", lambda _, text: text),
    "--cpuset-mems": ("cpuset_mems", lambda _, text: text),
}


@click.command(cls=Refusing)
@several(complete.containers)
@click.option("-m", "--memory", metavar="BYTES", help="Limit of its memory; 0 lifts it.")
@click.option("--memory-swap", metavar="BYTES", help="Limit of memory and swap together; -1: none.")
@click.option("--memory-reservation", metavar="BYTES", help="What it is left with when the host has little.")
@click.option("--cpus", metavar="NUMBER", help="How many processors' time it gets at most; 0 lifts it.")
@click.option("-c", "--cpu-shares", type=int, help="Its weight beside others; 1024 is usual.")
@click.option("--cpu-period", type=int, help="Microseconds in which its time is counted; 100000.")
@click.option("--cpu-quota", type=int, help="Microseconds of them that it gets; -1: all.")
@click.option("--cpuset-cpus", metavar="LIST", help="Processors it may run on: 0-2,4.")
@click.option("--cpuset-mems", metavar="LIST", help="Memory nodes it may use.")
@click.option("--pids-limit", "pids", type=int, help="Processes and threads at a time; -1: no limit.")
@click.option("--blkio-weight", type=int, help="Its weight at the disks, 10 to 1000.")
@click.option(
    "--restart",
    metavar="POLICY",
    help="When it is started again: no, always, unless-stopped, on-failure[:N].",
)
@pass_session
def update(session: Session, /, names: tuple[str, ...], restart: str | None, **options: Any) -> int:
    """Change the limits of containers and when they are started again, at once where they run."""
    from engine.runtime.policy import parse_policy

    plain = ("cpu_shares", "cpu_period", "cpu_quota", "pids", "blkio_weight")
    limits = {name: options.pop(name) for name in plain}
    for option, (field, read) in _LIMITS.items():
        text = options.pop(option.removeprefix("--").replace("-", "_"))
        limits[field] = None if text is None else read(option, text)
    asked = {name: value for name, value in limits.items() if value is not None}
    policy = None if restart is None else parse_policy(restart)
    if not asked and policy is None:
        raise InvalidArgument("nothing to change was named", hint="see: lamina update --help")

    def update_one(name: str) -> None:
        session.rooms.life.update(name, asked, policy)
        click.echo(name)

    return each(names, update_one)
