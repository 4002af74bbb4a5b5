"""The verb ps."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

import click

from engine.cli.output import format_option, print_json, print_table
from engine.cli.session import Session, pass_session
from engine.cli.words import ago, status
from engine.containers.models import ContainerSummary, Status

_COMMAND_WIDTH = 20  # Docker's

Test = Callable[[ContainerSummary], bool]


def _labelled(value: str) -> Test:
    name, equals, wanted = value.partition("=")
    return lambda found: name in found.labels and (not equals or found.labels[name] == wanted)


def _named(value: str) -> Test:
    try:
        pattern = re.compile(value)
    except re.error as error:
        raise click.BadParameter(f"name={value}: not a regular expression: {error}") from error
    # Docker's names begin with a slash, and scripts that know it ask for `^/name$`.
    return lambda found: bool(pattern.search(found.name) or pattern.search(f"/{found.name}"))


def _in_state(value: str) -> Test:
    if value not in list(Status):
        raise click.BadParameter(f"no such status: {value}; there are {', '.join(Status)}")
    return lambda found: found.status == value


_FILTERS: dict[str, Callable[[str], Test]] = {
    "name": _named,
    "id": lambda value: lambda found: found.id.startswith(value),
    "status": _in_state,
    "label": _labelled,
    "ancestor": lambda value: (
        lambda found: (
            value in (found.image, found.image.removesuffix(":latest"))
            or found.image_id.hex.startswith(value.removeprefix("sha256:"))
        )
    ),
}


def _filters(_ctx: click.Context, _: click.Parameter, values: tuple[str, ...]) -> dict[str, list[Test]]:
    tests: dict[str, list[Test]] = {}
    for value in values:
        key, equals, wanted = value.partition("=")
        if key not in _FILTERS or not equals or not wanted:
            raise click.BadParameter(f"{value!r} is not KEY=VALUE with one of {', '.join(_FILTERS)}")
        tests.setdefault(key, []).append(_FILTERS[key](wanted))
    return tests


@click.command()
@click.option("-a", "--all", "stopped_too", is_flag=True, help="Also those that do not run.")
@click.option("-q", "--quiet", is_flag=True, help="Only container ids.")
@click.option("--no-trunc", is_flag=True, help="Whole ids and commands.")
@click.option(
    "-f", "--filter", "tests", metavar="KEY=VALUE", multiple=True, callback=_filters,
    help=f"Only what fits: {', '.join(_FILTERS)}. One of several values for one key, all keys.",
)  # fmt: skip
@format_option
@pass_session
def ps(
    session: Session,
    stopped_too: bool,
    quiet: bool,
    no_trunc: bool,
    tests: dict[str, list[Test]],
    as_json: bool,
) -> None:
    """List containers that run, the newest first."""
    # As with Docker, asking for a status asks for all containers.
    found = [
        container
        for container in session.rooms.containers.list(stopped_too or "status" in tests)
        if all(any(test(container) for test in alternatives) for alternatives in tests.values())
    ]
    if as_json:
        print_json(found)
    elif quiet:
        for container in found:
            click.echo(_id(container, no_trunc))
    else:
        headings = ("CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES")
        print_table(headings, [_row(container, no_trunc) for container in found])


def _row(found: ContainerSummary, no_trunc: bool) -> tuple[str, ...]:
    command = shlex.join(found.command)
    if not no_trunc and len(command) > _COMMAND_WIDTH:
        command = command[: _COMMAND_WIDTH - 1] + "…"
    no_ports = ""  # a container has no network, or the host's: nothing is published
    return (
        _id(found, no_trunc),
        found.image,
        f'"{command}"',
        ago(found.created),
        status(found),
        no_ports,
        found.name,
    )


def _id(found: ContainerSummary, no_trunc: bool) -> str:
    return found.id if no_trunc else found.id[:12]
