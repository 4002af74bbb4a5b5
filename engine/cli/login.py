"""Verbs about who we are to a registry: login, logout."""

from __future__ import annotations

import sys

import click

from engine.cli.session import Session, pass_session
from engine.errors import InvalidArgument
from engine.printable import printable

_LONGEST = 64 << 10  # characters of a password


@click.command()
@click.argument("registry", metavar="[REGISTRY]", default="docker.io")
@click.option("-u", "--username", default="", metavar="NAME", help="The user's name; else asked for.")
@click.option("-p", "--password", default="", metavar="PASSWORD", help="Seen by all users of this machine.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@pass_session
def login(session: Session, registry: str, username: str, password: str, password_stdin: bool) -> None:
    """Log in to REGISTRY (docker.io), and keep the password for pulls and pushes.

    The registry is asked first; what it does not take is not kept. Passwords that Docker keeps are read,
    too, so who logged in with Docker need not do it again.
    """
    import asyncio

    from engine.registry.credentials import Credential
    from engine.registry.login import login as log_in
    from engine.registry.login import registry_name

    domain = registry_name(registry)
    if password and password_stdin:
        raise click.UsageError("--password and --password-stdin exclude each other")
    if password:
        click.echo(
            "lamina: a password on the command line is seen by all users of this machine;"
            " --password-stdin hides it",
            err=True,
        )
    if password_stdin:
        if not username:
            raise InvalidArgument("--password-stdin needs --username", hint="standard input is the password")
        password = _from_stdin()
    username = username or _asked("Username", hidden=False)
    password = password or _asked("Password", hidden=True)
    done = asyncio.run(log_in(session.settings, domain, Credential(username, password)))
    if done.in_the_clear:
        click.echo(f"the password is kept, readable by you alone, in {printable(done.place)}", err=True)
    click.echo("Login Succeeded")  # Docker's words


@click.command()
@click.argument("registry", metavar="[REGISTRY]", default="docker.io")
@pass_session
def logout(session: Session, registry: str) -> None:
    """Forget the password for REGISTRY (docker.io)."""
    import asyncio

    from engine.registry.login import logout as log_out
    from engine.registry.login import registry_name

    done = asyncio.run(log_out(session.settings, registry_name(registry)))
    if done.removed:
        click.echo(f"Removing login credentials for {done.domain}")  # Docker's words
    else:
        click.echo(f"Not logged in to {done.domain}")
    for path in done.still:
        click.echo(f"lamina: {printable(str(path))} still knows a way in; docker logout removes it", err=True)


def _from_stdin() -> str:
    text = sys.stdin.read(_LONGEST + 1)
    if len(text) > _LONGEST:
        raise InvalidArgument(f"the password has more than {_LONGEST} characters")
    # What `echo` and editors put at the end is not part of it.
    return text.removesuffix("\n").removesuffix("\r")


def _asked(what: str, *, hidden: bool) -> str:
    if not sys.stdin.isatty():
        raise InvalidArgument(
            f"there is no terminal to ask for the {what.lower()} on",
            hint="give --username, and the password by --password-stdin",
        )
    answer: str = click.prompt(what, hide_input=hidden, err=True)
    return answer
