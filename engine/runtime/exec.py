"""Asking a container's monitor to run a program beside the first one.

Imports next to nothing, as `pump` does, for the same reason.
"""

from __future__ import annotations

import errno
import marshal
import os

from engine.errors import InvalidArgument, LaunchError, Unavailable
from engine.launch import frames, unix
from engine.launch.request import Request

_HINT = "lamina ps -a shows where it stands"
_NOBODY = (errno.ENOENT, errno.ECONNREFUSED)


class AnswerLost(Unavailable):
    """Who was to run a program went away before saying whether it did: it must not be asked for again."""


def new_request(
    argv: list[str],
    env: list[str],
    *,
    workdir: str = "",
    user: str = "",
    tty: bool = False,
    stdin: bool = False,
    attached: bool = True,
    privileged: bool = False,
    size: tuple[int, int] | None = None,
) -> Request:
    """A request that can be meant.

    :raises InvalidArgument: a part of it cannot; names it. :raises LaunchError: there is no program.
    """
    if not argv or not argv[0]:
        raise LaunchError("the program's name is empty", hint="name one after the container", exit_code=127)
    if any("\0" in word for word in (*argv, *env, workdir, user)):
        raise InvalidArgument("an argument holds a zero byte, which no program can be given")
    if workdir and not workdir.startswith("/"):
        raise InvalidArgument(
            f"the working directory {workdir!r} is not an absolute path", hint="begin it with /"
        )
    return Request(
        os.urandom(32).hex(), argv, env, workdir, user, tty, stdin, attached, privileged, size
    )  # fmt: skip


def begin(socket_path: str, request: Request) -> unix.Socket:
    """Wait until the program has been executed; gives a socket of frames (`engine.launch.frames`).

    :param socket_path: where the container's monitor listens.
    :raises Unavailable: the container does not run. :raises LaunchError: the program could not be executed.
    :raises AnswerLost: the program may have been executed.
    """
    document = request.dump()
    if len(document) > frames.LARGEST:
        raise InvalidArgument(f"the command and its variables are longer than {frames.LARGEST} bytes")
    try:
        connection = unix.connect(socket_path)
    except OSError as error:
        why = "it does not run" if error.errno in _NOBODY else error.strerror
        raise Unavailable(f"the container cannot run anything: {why}", hint=_HINT) from error
    try:
        connection.sendall(frames.frame(frames.REQUEST, document))
        _await(connection)
    except OSError as error:
        connection.close()
        raise AnswerLost(
            "the container went away before it said whether the program runs: it has just ended, is being "
            "started again, or what was to run the program was killed",
            hint=_HINT,
        ) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _await(connection: unix.Socket) -> None:
    """Read the answer, and not a byte more: what follows is the program's."""
    header = _read(connection, frames.HEADER_SIZE)
    kind, length = frames.unpack_header(header)
    data = _read(connection, length)
    if kind == frames.BEGUN:
        return
    fields = marshal.loads(data)  # noqa: S302 - the monitor wrote it
    raise LaunchError(
        f"cannot run it in the container: {fields['stage']}: {fields['message']}",
        hint=fields["hint"],
        stage=fields["stage"],
        errno=fields["errno"],
        exit_code=fields["exit_code"],
    )


def _read(connection: unix.Socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise ConnectionResetError
        data += more
    return data
