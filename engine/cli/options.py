"""The options of run and create, and what they say about the container."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import click

from engine.cli import complete
from engine.cli.life_options import life_options, take_life
from engine.cli.log_options import log_limits
from engine.cli.network_options import network_options, take_network
from engine.cli.session import platform_option
from engine.cli.walls import take_walls, wall_options
from engine.containers.models import ContainerOptions
from engine.errors import InvalidArgument, NotFound

_ENV_FILE_LIMIT = 1 << 20  # bytes
_Command = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: the container, and how its image comes here."""

    options: ContainerOptions
    platform: str
    pull: str  # always, missing or never
    id_file: str  # where the id is written, or ""
    quiet: bool  # tell nothing of a pull


_DECORATORS: tuple[Callable[[_Command], _Command], ...] = (
    click.option("-i", "--interactive", is_flag=True, help="Keep standard input open."),
    click.option("-t", "--tty", is_flag=True, help="Give it a terminal."),
    click.option("--rm", "auto_remove", is_flag=True, help="Remove it when it has ended."),
    click.option("--name", default="", help="Its name; else one is made up."),
    click.option("-e", "--env", multiple=True, metavar="NAME[=VALUE]", help="Set or hand on a variable."),
    click.option("--env-file", "env_files", multiple=True, metavar="FILE", help="Variables, one a line."),
    click.option("-w", "--workdir", default="", metavar="DIR", help="Working directory inside."),
    click.option("-u", "--user", default="", metavar="NAME|UID[:GROUP|GID]", help="Who runs the program."),
    click.option("-h", "--hostname", default="", help="Its host name."),
    click.option("--entrypoint", metavar="COMMAND", help="Replace the image's entrypoint."),
    click.option("--read-only", is_flag=True, help="Forbid writing outside what is mounted."),
    network_options,
    click.option(
        "-v", "--volume", "volumes", multiple=True, metavar="[HOST|NAME:]INSIDE[:ro]",
        help="Show a directory or file of the host, or a volume, inside.",
    ),
    click.option("-l", "--label", "labels", multiple=True, metavar="NAME[=VALUE]", help="Attach a note."),
    click.option("--label-file", "label_files", multiple=True, metavar="FILE", help="Notes, one a line."),
    click.option(
        "--annotation", "annotations", multiple=True, metavar="NAME=VALUE", help="A note for programs."
    ),
    click.option("-q", "--quiet", is_flag=True, help="Tell nothing of a pull."),
    platform_option,
    click.option(
        "--pull", type=click.Choice(["always", "missing", "never"]), default="missing", show_default=True,
        help="When to ask the registry for the image.",
    ),
    wall_options,
    life_options,
    click.option("--init", "reaper", is_flag=True, help="Reap orphans by a small program as number 1."),
    click.option("--stop-signal", default="", metavar="NAME", help="The signal of stop; else the image's."),
    click.option(
        "--stop-timeout", type=click.FloatRange(min=0), default=10.0, metavar="SECONDS",
        help="From that signal to SIGKILL; 10 unless said.",
    ),
    click.option("--log-driver", default="", metavar="NAME", help="The one there is: json-file."),
    click.option(
        "--log-opt", "log_words", multiple=True, metavar="NAME=VALUE",
        help="max-size=10m: a log file's size (-1: no limit); max-file=3: how many are kept.",
    ),
    click.option("--cidfile", default="", metavar="FILE", help="Write the container's id to a new file."),
    click.argument("image", shell_complete=complete.images),
    click.argument("command", nargs=-1, type=click.UNPROCESSED),
)  # fmt: skip


def container_options(function: _Command) -> _Command:
    """Give a command the options of `create`; it takes them as keywords for `wanted`."""
    return reduce(lambda wrapped, decorate: decorate(wrapped), reversed(_DECORATORS), function)


# Words after the image belong to the program; -h is the host name here, as with Docker.
CONTEXT = {"allow_interspersed_args": False, "help_option_names": ["--help"]}


def wanted(
    *,
    env: tuple[str, ...],
    env_files: tuple[str, ...],
    entrypoint: str | None,
    labels: tuple[str, ...],
    label_files: tuple[str, ...],
    annotations: tuple[str, ...],
    quiet: bool,
    platform: str,
    pull: str,
    cidfile: str,
    log_driver: str,
    log_words: tuple[str, ...],
    **plain: Any,
) -> Wanted:
    """The container that the options of `container_options` describe.

    :raises InvalidArgument: an option's value cannot be meant; names the option.
    """
    restart, health, no_health = take_life(plain)
    isolation, resources, names, mounts = take_walls(plain)
    connections = take_network(plain)
    read = [line for file in env_files for line in lines_of_file("--env-file", file)]
    noted = [line for file in label_files for line in lines_of_file("--label-file", file)]
    options = ContainerOptions(
        env=tuple(variables([*read, *env])),
        entrypoint=None if entrypoint is None else tuple([entrypoint] if entrypoint else []),
        binds=tuple(mounts.binds),
        volumes=tuple(mounts.volumes),
        labels=dict(_label("-l", text) for text in (*noted, *labels)),
        annotations=dict(_label("--annotation", text) for text in annotations),
        log=log_limits(log_driver, log_words),
        isolation=isolation,
        resources=resources,
        names=names,
        restart=restart,
        health=health,
        no_health=no_health,
        network=connections.network,
        attachments=connections.attachments,
        ports=connections.ports,
        exposed=connections.exposed,
        **plain,
    )
    return Wanted(options, platform, pull, cidfile, quiet)


def variables(given: Iterable[str]) -> Iterable[str]:
    """`NAME=value` as it is; a bare NAME takes the value it has here, and falls away where it has none."""
    for item in given:
        name, equals, _ = item.partition("=")
        if not name or "\0" in item:
            raise InvalidArgument(f"-e {item!r} has no variable's name", hint="say NAME=VALUE, or NAME alone")
        if equals:
            yield item
        elif name in os.environ:
            yield f"{name}={os.environ[name]}"


def lines_of_file(option: str, path: str) -> list[str]:
    """Lines of a file, but blank ones and comments; quotes mean nothing, as with Docker."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(_ENV_FILE_LIMIT + 1)
        text = data.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise NotFound(f"{option} {path}: there is no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidArgument(f"{option} {path}: cannot be read: {error}") from error
    if len(data) > _ENV_FILE_LIMIT:
        raise InvalidArgument(f"{option} {path} is larger than {_ENV_FILE_LIMIT} bytes")
    lines = (line.lstrip() for line in text.splitlines())
    found = [line for line in lines if line and not line.startswith("#")]
    for line in found:
        if any(space in line.partition("=")[0] for space in " \t"):
            raise InvalidArgument(f"{option} {path}: the name in {line!r} has a space")
    return found


def _label(option: str, text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if not name:
        raise InvalidArgument(f"{option} {text!r} has no name", hint="say NAME=VALUE")
    return name, value
