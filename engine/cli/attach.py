"""The verb attach, and what every command that stands in a container's streams shares."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING

import click

from engine.cli import complete
from engine.cli.session import Session, pass_session
from engine.errors import LaminaError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Collection

    from engine.containers.models import ContainerSummary

detach_keys_option = click.option(
    "--detach-keys", metavar="KEYS", default=None,
    help="Typed to leave it running: ctrl-p,ctrl-q, or what the settings say.",
)  # fmt: skip
"""`--detach-keys`, handed to the command as `detach_keys: str | None`."""


@click.command()
@click.argument("container", shell_complete=complete.running)
@click.option("--no-stdin", is_flag=True, help="Do not connect standard input.")
@click.option(
    "--sig-proxy", type=bool, default=True, show_default=True,
    help="Hand Ctrl-C and its like to the container; false: they end only this command.",
)  # fmt: skip
@detach_keys_option
@pass_session
def attach(session: Session, container: str, no_stdin: bool, sig_proxy: bool, detach_keys: str | None) -> int:
    """Connect to a running CONTAINER; ends with its exit code, or when it is left with the keys."""
    keys = keys_of(session, detach_keys)
    found = session.rooms.containers.get(container)
    connection = session.rooms.containers.attach(found.id)
    return stand_in(session, found, connection, not no_stdin, keys, sig_proxy) or 0


def keys_of(session: Session, given: str | None) -> bytes:
    """The bytes of the keys to leave by: those given, else the settings'.

    :raises InvalidArgument: they are no keys.
    """
    from engine.runtime.keys import parse_keys

    return parse_keys(session.settings.detach_keys if given is None else given)


def stand_in(
    session: Session,
    container: ContainerSummary,
    attachment: socket.socket,
    interactive: bool,
    keys: bytes,
    sig_proxy: bool = True,
    shown: Collection[str] = ("stdout", "stderr"),
) -> int | None:
    """Stand in a container's streams until it ends; gives its exit code, None when it was left running.

    :param shown: of stdout and stderr; what the other says is dropped here.
    """
    from engine.runtime.attach import run_attached

    sys.stdout.flush()
    with open(os.devnull, "wb") as nowhere:
        stdout, stderr = (
            stream.fileno() if name in shown else nowhere.fileno()
            for name, stream in (("stdout", sys.stdout), ("stderr", sys.stderr))
        )
        return run_attached(
            attachment,
            stdin=sys.stdin.fileno() if interactive else None,
            stdout=stdout,
            stderr=stderr,
            terminal=container.tty,
            on_signal=_handed_on(session, container.id) if sig_proxy else None,
            detach_keys=keys,
        )


def _handed_on(session: Session, container: str) -> Callable[[int], None]:
    """Gives the container the signals that come here."""

    def hand_on(number: int) -> None:
        with contextlib.suppress(LaminaError):  # it ended in this instant
            session.rooms.containers.kill(container, signal.Signals(number).name)

    return hand_on
