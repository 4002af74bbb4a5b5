"""`pull` of a name alone without loading the command line; what is unusual or wrong is left to that."""

from __future__ import annotations

import functools
import os
import sys


class Plain:
    """What was asked for."""

    def __init__(self, root: str, reference: str, quiet: bool) -> None:
        self.root = root
        self.reference = reference
        self.quiet = quiet


def read(words: list[str], root: str) -> Plain | None:
    """A plain pull of the words after `pull`; None for all else."""
    names = [word for word in words if word not in ("-q", "--quiet")]
    if len(names) != 1 or not names[0] or names[0].startswith("-"):
        return None
    return Plain(root, names[0], len(words) > 1)


def run(plain: Plain) -> int | None:
    """Do it; gives the exit code, None where nothing was done and the command line has to."""
    if os.geteuid() != 0 or None in (sys.stdin, sys.stdout, sys.stderr):
        return None
    try:
        return _pull(plain)
    except BaseException as error:  # noqa: BLE001 - said as the command line says it, which is loaded for that alone
        from engine.cli.ending import ended

        return ended(functools.partial(_again, error), runs=lambda: False)


def _again(error: BaseException) -> None:
    raise error


def _pull(plain: Plain) -> int:
    from engine.cli.pulling import pull_image
    from engine.printable import printable
    from engine.rooms import Rooms
    from engine.settings import load_settings

    rooms = Rooms(load_settings(plain.root or None))
    try:
        result = pull_image(rooms, plain.reference, quiet=plain.quiet)
    finally:
        rooms.images.close()
    sys.stdout.write(f"{printable(result.plan.reference)}\n")
    sys.stdout.flush()
    return 0
