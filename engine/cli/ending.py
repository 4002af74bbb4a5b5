"""How a command ends: exit codes, and errors said in a line and a hint."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from engine.errors import InvalidArgument, LaminaError
from engine.printable import printable

if TYPE_CHECKING:
    from engine.containers.service import ContainerService

INTERRUPTED = 130  # 128 + SIGINT
BROKEN_PIPE = 141  # 128 + SIGPIPE
_LONGEST = 4000  # characters of an error: what came from outside may fill a screen, and no more


def ended(command: Callable[[], Any], runs: Callable[[], bool] = lambda: True) -> int:
    """Run a command and give its exit code; whatever goes wrong is said on stderr, never as a traceback.

    :param runs: whether it stands for a program's exit code: then an error of the engine is not 1, which the
        program could have ended with, but 125, 126 or 127. Words that cannot be meant are 125 always.
    """
    code = _ended(command)
    return code if runs() or not isinstance(code, _EngineError) else 1


def give_up(
    containers: ContainerService, container: str, error: BaseException, detach: bool, auto_remove: bool
) -> None:
    """After a start that this command began did not come to its end: leave what was wanted, and no more.

    What runs by now hears of an interrupt that came before somebody stood in its streams; what does not, and
    was to go at its end, goes.
    """
    if isinstance(error, KeyboardInterrupt) and not detach:
        with contextlib.suppress(LaminaError):  # it does not run
            containers.kill(container, "INT")
    if auto_remove:
        containers.remove_ended(container)


class _EngineError(int):
    """The exit code of an error that the engine raised, not the program or the command line."""


def _ended(command: Callable[[], Any]) -> int:
    try:
        _fill_streams()
        code = command()
        sys.stdout.flush()  # what fails here must be said here
    except LaminaError as error:
        return _failed(error)
    except click.ClickException as error:
        return int(_failed(_as_ours(error)))
    except click.exceptions.Exit as done:
        return done.exit_code
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_gone()
    except OSError as error:
        # What no room foresaw, such as a full disk under our own output.
        return _failed(LaminaError(f"the system refused: {error}"))
    except UnicodeEncodeError as error:
        # Bytes of the command line that are not UTF-8 stand as lone surrogates, which no database takes.
        return _failed(InvalidArgument(f"not UTF-8: {error.object!r}"))
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        return _failed(_fault(error))
    return code if isinstance(code, int) else 0


def say_error(error: LaminaError) -> None:
    """Write an error's message, and its hint on a line of its own, to stderr."""
    click.echo(f"lamina: {printable(error.message[:_LONGEST])}", err=True)
    if error.hint:
        click.echo(f"        {printable(error.hint)}", err=True)


def each(names: Iterable[str], action: Callable[[str], object]) -> int:
    """Do something to every name, going on after an error.

    :returns: 0, or the exit code of the last error.
    """
    code: int = 0
    for name in names:
        try:
            action(name)
        except LaminaError as error:
            code = _failed(error)
    return code


def _failed(error: LaminaError) -> _EngineError:
    with contextlib.suppress(OSError):  # the terminal may be gone
        say_error(error)
    return _EngineError(error.exit_code)


def _fault(error: Exception) -> LaminaError:
    import traceback

    place = traceback.extract_tb(error.__traceback__)[-1]
    return LaminaError(
        f"a fault in Lamina itself: {type(error).__name__}: {error}",
        hint=f"please report it: {place.filename}:{place.lineno}; python -X dev shows all of it",
    )


def _fill_streams() -> None:
    """Stand in for standard streams that whoever started us has closed.

    The next file that is opened, such as the database, would take such a stream's number.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8"))  # noqa: SIM115


def _as_ours(error: click.ClickException) -> LaminaError:
    context = getattr(error, "ctx", None)
    hint = f"see: {context.command_path} --help" if isinstance(context, click.Context) else ""
    return InvalidArgument(error.format_message().rstrip("."), hint=hint)


def _reader_gone() -> int:
    # The interpreter flushes stdout once more as it ends, which would fail aloud.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE
