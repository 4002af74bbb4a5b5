"""Becoming the program: the last steps of a container's first process and of one that joins it, alike.

Only system calls happen here: the process is inside already, and whatever Python would load could come
from the image.
"""

from __future__ import annotations

import errno
import os
import posixpath

from . import syscalls as sys
from .identity import Identity, UnknownUser
from .messages import Failure, Reporter, Stage
from .task import Program

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def tell_failure(reporter: Reporter, become: Callable[[], None], hints: Mapping[str, str]) -> None:
    """Run what ends in an exec; never returns. Whatever fails is reported, and ends this process.

    :param hints: what a person can do about a stage's failure.
    """
    try:
        become()
    except Failure as failure:
        reporter.send(failure.fields)
    except OSError as error:
        reporter.send(_failure(reporter.stage, error, hints).fields)
    except UnknownUser as error:
        reporter.send(Failure(reporter.stage, str(error), hint=hints.get(Stage.IDENTITY, "")).fields)
    except Exception as error:  # noqa: BLE001 - whatever it is, the front must hear of it
        reporter.send(Failure(reporter.stage, f"{type(error).__name__}: {error}").fields)
    finally:
        os._exit(1)


def _failure(stage: str, error: OSError, hints: Mapping[str, str]) -> Failure:
    path = os.fsdecode(error.filename) if error.filename else ""
    reason = error.strerror or str(error)
    message = f"{reason}: {path}" if path else reason
    return Failure(stage, message, errno=error.errno or 0, path=path, hint=hints.get(stage, ""))


def enter_directory(directory: int, path: str) -> None:
    """Stand in a directory that was opened inside, and nowhere else.

    :param path: what it was called.
    """
    os.fchdir(directory)
    os.close(directory)
    if not os.getcwd().startswith("/"):
        raise OSError(errno.EPERM, "the working directory lies outside the container's root", path)


def own_streams(uid: int) -> None:
    """Give the program's user its streams: it may open /dev/stdout again, which asks the pipe itself."""
    for fd in (0, 1, 2):
        try:
            os.fchown(fd, uid, -1)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EINVAL):
                raise
            continue  # /dev/null of the host, or an id that this user namespace does not map


def reset_process() -> None:
    """Leave the program nothing of ours: descriptors, signal handling, mask."""
    os.umask(0o022)
    sys.reset_signals()
    sys.close_on_exec_from(3)


def execute(program: Program, identity: Identity, reporter: Reporter) -> None:
    """Become the program. Returns never.

    :raises Failure: there is none of the name (exit code 127), or it cannot be executed (126).
    """
    environment = dict(item.split("=", 1) for item in program.env)
    environment.setdefault("HOME", identity.home)
    candidates = _candidates(program.argv[0], environment.get("PATH", _DEFAULT_PATH))
    worst = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    for path in candidates:
        try:
            os.execve(path, program.argv, environment)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            worst = error  # type: ignore[assignment]  # any reason is better than "not found"
            if error.errno != errno.EACCES:
                break
    missing = worst.errno == errno.ENOENT
    where = "" if "/" in program.argv[0] else " in the container's PATH"
    reason = "no such file" if missing else os.strerror(worst.errno or 0).lower()
    raise Failure(
        reporter.stage,
        f"cannot execute {program.argv[0]!r}{where}: {reason}",
        errno=worst.errno or 0,
        path=program.argv[0],
        hint="look for it with lamina tree, or name another command" if missing else "",
        exit_code=127 if missing else 126,
    )


def _candidates(name: str, path: str) -> list[str]:
    if "/" in name:
        return [name]
    return [posixpath.join(directory or ".", name) for directory in path.split(":")]
