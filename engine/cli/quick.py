"""The way in: a plain `exec`, `run` or `pull` without loading the command line, everything else with it.

Loading click and the rooms takes twice as long as running a program in a container does. So the plain form,
without a terminal, is read here; what is unusual or wrong is left to the command line, which says so.
"""

from __future__ import annotations

import gc
import os
import sys

from engine.cli.importing import quicken

TYPE_CHECKING = False  # `typing` itself would be felt
if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.launch.unix import Socket
    from engine.settings import Settings

_COMPLETE = "_LAMINA_COMPLETE"
_OBJECTS = 50_000  # made since the last collection
_VALUES = {
    "-e": "env",
    "--env": "env",
    "-u": "user",
    "--user": "user",
    "-w": "workdir",
    "--workdir": "workdir",
}


def main(
    open_workstation: Callable[[Settings], int] | None = None, more: dict[str, tuple[str, str]] | None = None
) -> int:
    """Run one command; gives the exit code. See `engine.cli.main.main`."""
    quicken()
    # Hardly anything that is loaded is garbage, and looking through it every 700 objects takes a twentieth.
    gc.set_threshold(_OBJECTS)
    words, root = _after_root(sys.argv[1:])
    code = None if _COMPLETE in os.environ else _plainly(words, root)
    if code is not None:
        os._exit(code)
    plain = _read(words, root)
    if plain is not None:
        connection = _begin(plain)
        if connection is not None:
            # Nothing is buffered here, and taking the interpreter apart would be felt.
            os._exit(_stand_in(connection, plain.stdin))
    from engine.cli.main import main as command_line

    return command_line(open_workstation, more=more)


def _plainly(words: list[str], root: str) -> int | None:
    """Do a plain run or pull; None where it is something else."""
    match words[:1]:
        case ["run"]:
            from engine.cli import plain_run

            asked = plain_run.read(words[1:], root)
            return plain_run.run(asked) if asked else None
        case ["pull"]:
            from engine.cli import plain_pull

            wanted = plain_pull.read(words[1:], root)
            return plain_pull.run(wanted) if wanted else None
    return None


class _Plain:
    """What was asked for."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.stdin = False
        self.env: list[str] = []
        self.user = ""
        self.workdir = ""
        self.container = ""
        self.command: list[str] = []


def _after_root(words: list[str]) -> tuple[list[str], str]:
    """The words from the verb on, and the store's directory where one is named."""
    if words[:1] == ["--root"] and len(words) > 1:
        return words[2:], words[1]
    return words, os.environ.get("LAMINA_ROOT", "")


def _read(words: list[str], root: str) -> _Plain | None:
    """A plain exec; None for all else."""
    if words[:1] != ["exec"] or _COMPLETE in os.environ:
        return None
    found = _Plain(root)
    words = words[1:]
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in ("-i", "--interactive"):
            found.stdin = True
        elif word in _VALUES and words:
            _take(found, _VALUES[word], words.pop(0))
        else:
            return None
    found.container, found.command = (words[0], words[1:]) if words else ("", [])
    usual = found.container and found.command and all(item.partition("=")[0] for item in found.env)
    return found if usual and all("=" in item for item in found.env) else None


def _take(found: _Plain, name: str, value: str) -> None:
    if name == "env":
        found.env.append(value)
    else:
        setattr(found, name, value)


def _begin(plain: _Plain) -> Socket | None:
    """Begin it; None where the command line has to find out more."""
    from engine.errors import LaminaError
    from engine.runtime.exec import AnswerLost, begin, new_request

    path = _socket(plain)
    if not path or None in (sys.stdin, sys.stdout, sys.stderr):
        return None
    try:
        request = new_request(
            plain.command, plain.env, workdir=plain.workdir, user=plain.user, stdin=plain.stdin
        )
        return begin(path, request)
    except LaminaError as error:
        if error.exit_code == LaminaError.exit_code and not isinstance(error, AnswerLost):
            return None  # nothing was run, and the command line says better why
        sys.exit(_say(error))


def _socket(plain: _Plain) -> str:
    """Where the monitor of a container listens that is named in full; "" where that is not easily said."""
    if plain.root:
        root = os.path.abspath(plain.root)
        run = os.path.join(root, "run")
    elif os.geteuid() == 0:
        root, run = "/var/lib/lamina", "/run/lamina"
    else:
        return ""
    import _sqlite3 as sqlite3  # as in `engine.store.database`

    try:
        database = sqlite3.connect(f"file:{_quoted(root)}/lamina.db?mode=ro", uri=True)
        try:
            query = "SELECT id FROM containers WHERE name = ?1 OR id = ?1 ORDER BY name != ?1 LIMIT 1"
            row = database.execute(query, (plain.container,)).fetchone()
        finally:
            database.close()
    except (sqlite3.Error, UnicodeEncodeError):
        return ""
    return f"{run}/containers/{row[0]}/attach.sock" if row else ""


def _quoted(path: str) -> str:
    """As part of a URI, where these three mean something else."""
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _stand_in(connection: Socket, stdin: bool) -> int:
    # The module over it makes enumerations, which would be felt.
    import _signal as signal  # type: ignore[import-not-found]  # not in typeshed

    from engine.errors import LaminaError
    from engine.launch import frames
    from engine.runtime.pump import Pump

    woken, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    interrupts = 0

    def hand_on(number: int) -> None:
        nonlocal interrupts
        interrupts += number == signal.SIGINT
        if interrupts == 3:
            raise KeyboardInterrupt  # for a program that does not listen to it
        pump.send(frames.signal_frame(number))

    pump = Pump(connection, 0 if stdin else None, 1, 2, wake=woken, on_signal=hand_on, hand_back=True)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, lambda received, _frame: os.write(wake, bytes([received])) and None)
    try:
        return pump.run() or 0
    except LaminaError as error:
        return _say(error)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 141


def _say(error: BaseException) -> int:
    from engine.cli.ending import say_error
    from engine.errors import LaminaError

    assert isinstance(error, LaminaError)
    say_error(error)
    return error.exit_code
