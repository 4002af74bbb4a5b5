"""Verbs that show what is behind a container or an image: inspect, steps."""

from __future__ import annotations

from typing import Any

import click

from engine.cli import complete
from engine.cli.ending import each
from engine.cli.looking import look_platform_option, looking
from engine.cli.output import format_option, print_json
from engine.cli.session import Session, pass_session
from engine.cli.shape import Shape, inspection_option, print_inspections
from engine.printable import cells, printable

_sized_option = click.option(
    "-s", "--size", "sized", is_flag=True, help="Also what a container has written: SizeRw."
)


@click.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True, shell_complete=complete.anything)
@click.option(
    "--type", "kind", type=click.Choice(["container", "image", "network", "volume"]),
    help="Look only among these; else in this order.",
)  # fmt: skip
@_sized_option
@look_platform_option
@inspection_option
@pass_session
def inspect(
    session: Session, names: tuple[str, ...], kind: str | None, sized: bool, platform: str, shape: Shape
) -> int:
    """Show containers, images, networks and volumes with Docker's keys, as one JSON list.

    Where a container and an image have the same name, the container is shown. An image may lie elsewhere (see
    lamina tree --help). Platforms lists all that its name stands for in the registry. Size is what lies
    unpacked on disk, CompressedSize what travels.
    """
    return _inspect(session, names, shape, kind or "", sized, platform)


@click.command("inspect")
@click.argument("names", metavar="CONTAINER...", nargs=-1, required=True, shell_complete=complete.containers)
@_sized_option
@inspection_option
@pass_session
def inspect_container(session: Session, names: tuple[str, ...], sized: bool, shape: Shape) -> int:
    """Show everything about containers with Docker's keys, as one JSON list."""
    return _inspect(session, names, shape, "container", sized)


@click.command("inspect")
@click.argument("names", metavar="IMAGE...", nargs=-1, required=True, shell_complete=complete.images)
@look_platform_option
@inspection_option
@pass_session
def inspect_image(session: Session, names: tuple[str, ...], platform: str, shape: Shape) -> int:
    """Show everything about images with Docker's keys, as one JSON list (see lamina inspect --help)."""
    return _inspect(session, names, shape, "image", platform=platform)


def _inspect(
    session: Session, names: tuple[str, ...], shape: Shape, kind: str, sized: bool = False, platform: str = ""
) -> int:
    from engine.images.elsewhere import parse_place

    found: list[dict[str, Any]] = []

    def look(name: str) -> None:
        if kind not in ("", "image") or (not platform and parse_place(name) is None):
            one = session.rooms.inspect(name, kind)
            found.append(one | _sizes(session, name) if sized and "HostConfig" in one else one)
            return
        with looking(session, platform) as inside:
            found.append(inside.inspect(name))

    code = each(names, look)
    print_inspections(shape, found)
    return code


def _sizes(session: Session, name: str) -> dict[str, int]:
    """Docker's keys: bytes that the container wrote, and with its image's files."""
    written, below = session.rooms.sizes(name)
    return {"SizeRw": written, "SizeRootFs": written + below}


@click.command()
@click.argument("container", shell_complete=complete.containers)
@format_option
@pass_session
def steps(session: Session, container: str, as_json: bool) -> None:
    """Show what was done to start CONTAINER, in order, and the shell command that would do the same."""
    found = session.rooms.containers.steps(container)
    if as_json:
        print_json(found)
        return
    width = max((cells(step.name) for step in found), default=0)
    for step in found:
        click.echo(f"{step.name:{width}}  {step.seconds * 1000:7.1f} ms  {printable(step.what)}")
        if step.command:
            click.echo(f"    $ {printable(step.command)}")
