"""What an ordinary user has here and what he lacks, each with the command that would add it."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from engine.errors import LaminaError
from engine.models import Missing, Rootless
from engine.rootless.mapping import has_helpers, mapped_ids, subordinate_ids
from engine.rootless.outside import program_outside
from engine.rootless.providers import ADD_OTHER, obstacle, programs

_ADD_IDS = "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}"
_ADD_HELPERS = "sudo apt install uidmap"
_DELEGATE = "systemd-run --user --scope -p Delegate=yes lamina …"
_NOBODY = 4294967295  # a number that no user has: here names are looked for, as root inside has another
_WORDS = {"memory": "memory", "cpu": "processors", "pids": "processes"}  # what people limit


def rootless(limits: tuple[str, ...], way: str, run: Path, root: Path) -> Rootless:
    """Look at this process, which is in the store's user namespace.

    :param limits: controllers of control groups that it may use. :param way: `engine.layers.ways.way`.
    :param run: the run directory of the store. :param root: its directory.
    """
    ids = mapped_ids()
    missing = []
    if ids == 1:
        missing.append(
            Missing(
                "subordinate ids",
                "all files belong to one user inside, and programs run as root only",
                _id_command(_user()),
            )
        )
    without = [_WORDS[name] for name in _WORDS if name not in limits]
    if without:
        missing.append(Missing("control groups", f"no limits of {_listed(without)}", _DELEGATE))
    if way == "copy":
        cost = "each container has a copy of its image's files, and diff and commit cannot tell what changed"
        missing.append(Missing("overlay file systems", cost, "sudo apt install fuse-overlayfs"))
    elif way != "kernel":
        missing.append(Missing("overlays of the kernel", f"{way} shows files, which is slower"))
    program, problem, remedy = _network(run, root)
    if problem:
        cost = f"containers have --network none or --network host only: {problem}"
        missing.append(Missing("networks of containers", cost, remedy))
    return Rootless(ids, program, tuple(missing))


def _id_command(user: str) -> str:
    """What gives this user ids: the programs that map them, or ranges, whichever is not there."""
    ranges = all(subordinate_ids(path, _NOBODY, user) for path in ("/etc/subuid", "/etc/subgid"))
    wanted = [*([] if has_helpers() else [_ADD_HELPERS]), *([] if ranges else [_ADD_IDS.format(user=user)])]
    return " && ".join(wanted or [_ADD_HELPERS])  # else it is the programs that do not work


def _network(run: Path, root: Path) -> tuple[str, str, str]:
    """The program that leads outside; or why none does, and what would change it."""
    problem, remedy = obstacle()
    return ("", problem, remedy) if problem else _tried(run, root, tuple(programs()))


@cache  # for the workstation, which asks again and again
def _tried(run: Path, root: Path, programs: tuple[str, ...]) -> tuple[str, str, str]:
    try:
        return program_outside(run, root), "", ""
    except LaminaError as error:
        return "", error.message, "" if len(programs) > 1 else ADD_OTHER[os.path.basename(programs[0])]


def _listed(words: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _user() -> str:
    return os.environ.get("USER") or os.environ.get("LOGNAME") or "$USER"
