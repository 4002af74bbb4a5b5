"""The verb ps."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

import click

from engine.cli.filters import Tests, filter_option, fits
from engine.cli.listed import FILTERS
from engine.cli.output import print_json, print_table
from engine.cli.session import Session, pass_session
from engine.cli.shape import Shape, label_of, labels_text, print_rows, shape_option
from engine.cli.words import ago, size, status, timestamp
from engine.containers.models import ContainerSummary
from engine.containers.network_view import published_text
from engine.errors import InvalidArgument, LaminaError

_COMMAND_WIDTH = 20  # Docker's
_OF_ALL = {"status", "exited"}  # filters that ask for containers that do not run too, as with Docker


@click.command()
@click.option("-a", "--all", "stopped_too", is_flag=True, help="Also those that do not run.")
@click.option("-q", "--quiet", is_flag=True, help="Only container ids.")
@click.option(
    "-n", "--last", type=click.IntRange(min=-1), default=-1, metavar="N",
    help="The N that were made last, whether or not they run.",
)  # fmt: skip
@click.option("-l", "--latest", is_flag=True, help="The one that was made last.")
@click.option("--no-trunc", is_flag=True, help="Whole ids and commands.")
@click.option("-s", "--size", "sized", is_flag=True, help="Also what they have written.")
@filter_option(FILTERS)
@shape_option
@pass_session
def ps(
    session: Session,
    stopped_too: bool,
    quiet: bool,
    last: int,
    latest: bool,
    no_trunc: bool,
    sized: bool,
    tests: Tests,
    shape: Shape,
) -> None:
    """List containers that run, the newest first."""
    last = 1 if latest else last
    stopped_too = stopped_too or last > 0 or not _OF_ALL.isdisjoint(tests)
    found = [
        container
        for container in session.rooms.containers.list(
            stopped_too or last > 0 or not _OF_ALL.isdisjoint(tests)
        )
        if fits(container, tests)
    ]
    found = found[:last] if last > 0 else found
    if shape.as_json and sized:
        raise InvalidArgument("--size is not in this JSON", hint="lamina inspect -s tells SizeRw")
    if shape.as_json:
        print_json(found)
    elif shape.is_own:
        headings = {"ID": "CONTAINER ID", "RunningFor": "CREATED"}
        print_rows(shape, [_Fields(session, one, no_trunc) for one in found], headings)
    elif quiet:
        for container in found:
            click.echo(_id(container, no_trunc))
    else:
        columns = ("CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES")
        rows = [(*_row(one, no_trunc), *([_size(session, one)] if sized else [])) for one in found]
        print_table((*columns, "SIZE") if sized else columns, rows)


def _size(session: Session, found: ContainerSummary) -> str:
    try:
        written, below = session.rooms.sizes(found.id)
    except LaminaError:
        return "N/A"  # it went while we looked, or wrote what no path leads to
    return f"{size(written)} (virtual {size(written + below)})"


def _row(found: ContainerSummary, no_trunc: bool) -> tuple[str, ...]:
    command = shlex.join(found.command)
    if not no_trunc and len(command) > _COMMAND_WIDTH:
        command = command[: _COMMAND_WIDTH - 1] + "…"
    return (
        _id(found, no_trunc),
        found.image,
        f'"{command}"',
        ago(found.created),
        status(found),
        published_text(found.ports, found.exposed if found.pid else ()),
        found.name,
    )


class _Fields(Mapping[str, object]):
    """A row by the names of docker ps; what it wrote is only measured where a template asks for it."""

    def __init__(self, session: Session, found: ContainerSummary, no_trunc: bool) -> None:
        self._session, self._found = session, found
        identifier, image, command, created, state, ports, name = _row(found, no_trunc)
        self._told: dict[str, object] = {
            "ID": identifier,
            "Image": image,
            "Command": command,
            "CreatedAt": timestamp(found.created),
            "RunningFor": created,
            "State": str(found.status),
            "Status": state,
            "Health": found.health,
            "Ports": ports,
            "Names": name,
            "Labels": labels_text(found.labels),
            "Label": label_of(found.labels),
            "Networks": ",".join(found.networks),
            "Mounts": ",".join(mount.volume or mount.source for mount in found.mounts),
            "LocalVolumes": str(sum(bool(mount.volume) for mount in found.mounts)),
            "Size": "",
        }

    def __getitem__(self, name: str) -> object:
        return _size(self._session, self._found) if name == "Size" else self._told[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._told)

    def __len__(self) -> int:
        return len(self._told)


def _id(found: ContainerSummary, no_trunc: bool) -> str:
    return found.id if no_trunc else found.id[:12]
