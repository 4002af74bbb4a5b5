"""What verbs over several containers have in common: their names, and how they are asked to end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

_Command = Callable[..., Any]


def several(which: Any) -> Callable[[_Command], _Command]:
    """The argument `names`. :param which: completes them in a shell, see `engine.cli.complete`."""
    return click.argument("names", metavar="CONTAINER...", nargs=-1, required=True, shell_complete=which)


def asking(command: _Command) -> _Command:
    """The options `grace` and `signal` of verbs that end containers."""
    for option in (
        click.option(
            "-s", "--signal", default="", metavar="NAME", help="Asks it to end; else its own stop signal."
        ),
        click.option(
            "-t", "--time", "--timeout", "grace", metavar="SECONDS", type=click.FloatRange(min=0),
            help="How long to wait before killing; else what --stop-timeout said, or 10.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command
