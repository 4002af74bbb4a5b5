"""The verb exec."""

from __future__ import annotations

import sys

import click

from engine.cli import complete
from engine.cli.attach import detach_keys_option, keys_of
from engine.cli.options import lines_of_file, variables
from engine.cli.session import Session, pass_session
from engine.errors import InvalidArgument


@click.command(name="exec", context_settings={"allow_interspersed_args": False})
@click.option("-i", "--interactive", is_flag=True, help="Connect standard input.")
@click.option("-t", "--tty", is_flag=True, help="Give it a terminal.")
@click.option("-d", "--detach", is_flag=True, help="Let it run by itself.")
@click.option("-e", "--env", multiple=True, metavar="NAME[=VALUE]", help="Set or hand on a variable.")
@click.option("--env-file", "env_files", multiple=True, metavar="FILE", help="Variables, one a line.")
@click.option("-u", "--user", default="", metavar="NAME|UID[:GROUP|GID]", help="Who runs it.")
@click.option("-w", "--workdir", default="", metavar="DIR", help="Working directory inside.")
@click.option("--privileged", is_flag=True, help="With every capability there is.")
@detach_keys_option
@click.argument("container", shell_complete=complete.running)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@pass_session
def exec_(
    session: Session,
    container: str,
    command: tuple[str, ...],
    interactive: bool,
    tty: bool,
    detach: bool,
    env: tuple[str, ...],
    env_files: tuple[str, ...],
    user: str,
    workdir: str,
    privileged: bool,
    detach_keys: str | None,
) -> int:
    """Run COMMAND in a running CONTAINER, beside what runs there.

    Ends with the program's own exit code; 126 or 127 when it could not be executed.
    """
    from engine.containers.exec import exec_in
    from engine.launch import frames
    from engine.runtime.attach import run_attached, terminal_size
    from engine.runtime.exec import new_request

    if tty and interactive and not detach and not sys.stdin.isatty():
        raise InvalidArgument(
            "-t with -i wants a terminal, and standard input is none", hint="leave out -t, or use -d"
        )
    read = [line for file in env_files for line in lines_of_file("--env-file", file)]
    keys = keys_of(session, detach_keys)
    request = new_request(
        list(command), list(variables([*read, *env])), workdir=workdir, user=user, tty=tty,
        stdin=interactive and not detach, attached=not detach, privileged=privileged,
        size=terminal_size(sys.stdin.fileno()) if tty else None,
    )  # fmt: skip
    connection = exec_in(session.rooms.kept, container, request)
    if detach:
        connection.close()
        return 0
    sys.stdout.flush()
    code = run_attached(
        connection,
        stdin=sys.stdin.fileno() if interactive else None,
        stdout=sys.stdout.fileno(),
        stderr=sys.stderr.fileno(),
        terminal=tty,
        on_signal=lambda number: connection.sendall(frames.signal_frame(number)),
        detach_keys=keys,
        hand_back=True,
    )
    return code or 0
