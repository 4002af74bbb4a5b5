"""Standing between the steps of a start: what was done, what it changed, and Enter for the next."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from engine.errors import InvalidArgument
from engine.printable import printable

if TYPE_CHECKING:
    from engine.runtime.models import StepRow
    from engine.runtime.start import OnStep


def stepper() -> OnStep:
    """What tells each step on stderr and waits for Enter at the terminal.

    :raises InvalidArgument: there is no terminal.
    """
    terminal = _terminal()

    def on_step(step: StepRow, changed: Mapping[str, tuple[str, str]]) -> None:
        click.echo(f"{step.name}: {printable(step.what)}", err=True)
        if step.command:
            click.echo(f"    $ {printable(step.command)}", err=True)
        for name, (before, after) in changed.items():
            click.echo(f"    {name}: {printable(before) or '-'} → {printable(after)}", err=True)
        click.echo("    Enter goes on ", nl=False, err=True)
        if not os.read(terminal, 4096):
            raise KeyboardInterrupt  # the end of input is no wish to go on

    return on_step


def _terminal() -> int:
    if sys.stdin is not None and sys.stdin.isatty():
        return sys.stdin.fileno()
    try:
        return os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        raise InvalidArgument("--pause-steps wants a terminal to press Enter at") from error
