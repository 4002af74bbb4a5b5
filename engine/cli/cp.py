"""The verb cp: files between a container and the host."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from engine.cli import complete
from engine.cli.session import Session, pass_session
from engine.cli.words import size
from engine.errors import InvalidArgument
from engine.printable import printable

if TYPE_CHECKING:
    from engine.containers.writing import Copied

_STDIN, _STDOUT = 0, 1
_HOW = "lamina cp CONTAINER:PATH HOST, or lamina cp HOST CONTAINER:PATH"


@click.command()
@click.argument("source", shell_complete=complete.containers)
@click.argument("target", shell_complete=complete.containers)
@click.option("-a", "--archive", is_flag=True, help="Keep owners, set-id bits and file capabilities.")
@click.option("-L", "--follow-link", "follow", is_flag=True, help="Copy what SOURCE links to.")
@click.option("-q", "--quiet", is_flag=True, help="Do not say what was copied.")
@pass_session
def cp(session: Session, source: str, target: str, archive: bool, follow: bool, quiet: bool) -> None:
    """Copy files between a container and the host: one of SOURCE and TARGET is CONTAINER:PATH.

    The other is a path of the host, or - for a tar archive on standard output or input. A directory goes into
    a TARGET that is there, and becomes one that is not; DIR/. means what is in it. The container may run or
    not.
    """
    (there, inside), (back, outside) = _side(source), _side(target)
    if there and back:
        raise InvalidArgument("copying between containers is not supported", hint=f"{_HOW}")
    if not there and not back:
        raise InvalidArgument("one of the two must be in a container", hint=_HOW)
    if there:
        done = _out(session, there, inside, target, archive, follow)
    else:
        given = _STDIN if source == "-" else source
        if given == _STDIN and sys.stdin.isatty():
            raise InvalidArgument(
                "there is no archive on standard input", hint="tar c . | lamina cp - C:/dir"
            )
        done = session.rooms.files.copy_in(back, given, outside, archive=archive, follow=follow)
    if not quiet:
        _say(done, target)


def _out(session: Session, name: str, path: str, target: str, archive: bool, follow: bool) -> Copied:
    if target == "-" and sys.stdout.isatty():
        raise InvalidArgument("an archive is not for a terminal", hint="lamina cp C:/dir - | tar t")
    given = _STDOUT if target == "-" else target
    return session.rooms.files.copy_out(name, path, given, archive=archive, follow=follow)


def _side(text: str) -> tuple[str, str]:
    """Container and path; no container for a path of the host: without a colon, or with a slash before it."""
    name, colon, path = text.partition(":")
    if not colon or text.startswith((".", "/")) or "/" in name:
        return "", text
    if not path:
        raise InvalidArgument(f"{text!r} has no path after the colon", hint=_HOW)
    return name, path


def _say(done: Copied, target: str) -> None:
    click.echo(printable(f"Successfully copied {size(done.size)} to {target}"), err=True)
    if done.left_out:
        click.echo(f"left out: {done.left_out} devices or sockets", err=True)
