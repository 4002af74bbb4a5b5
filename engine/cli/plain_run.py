"""`run` of the usual options without loading the command line; what is unusual or wrong is left to that.

The monitor is asked for before anything is loaded: it comes up on another processor meanwhile.
"""

from __future__ import annotations

import functools
import os
import sys

TYPE_CHECKING = False  # `typing` itself would be felt
if TYPE_CHECKING:
    import socket

    from engine.containers.models import ContainerOptions
    from engine.containers.service import ContainerService, Started
    from engine.runtime.waiting import Waiting
    from engine.settings import Settings

_FLAGS = {
    "--rm": "auto_remove",
    "-i": "interactive",
    "--interactive": "interactive",
    "-d": "detach",
    "--detach": "detach",
    "--init": "reaper",
    "--read-only": "read_only",
}
_VALUES = {
    "--name": "name",
    "--network": "network",
    "--net": "network",
    "-w": "workdir",
    "--workdir": "workdir",
    "-u": "user",
    "--user": "user",
    "-h": "hostname",
    "--hostname": "hostname",
}
_ENV = ("-e", "--env")


class Plain:
    """What was asked for.

    :param fields: of `engine.containers.models.ContainerOptions`, but what stands beside them.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self.detach = False
        self.env: list[str] = []
        self.image = ""
        self.command: list[str] = []
        self.fields: dict[str, str | bool] = {}

    def options(self) -> ContainerOptions:
        """The container that it describes."""
        from engine.containers.models import Attachment, ContainerOptions

        network = str(self.fields.get("network", "bridge"))
        return ContainerOptions(
            image=self.image,
            command=tuple(self.command),
            env=tuple(self.env),
            attachments=(Attachment(network),),
            **{**self.fields, "network": network},  # type: ignore[arg-type]  # as the tables say
        )


def read(words: list[str], root: str) -> Plain | None:
    """A plain run of the words after `run`; None for all else."""
    found = Plain(root)
    words = list(words)
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in _FLAGS:
            found.fields[_FLAGS[word]] = True
        elif word in _ENV and words and words[0].partition("=")[0] and "=" in words[0]:
            found.env.append(words.pop(0))
        elif word in _VALUES and words and words[0]:
            found.fields[_VALUES[word]] = words.pop(0)
        else:
            return None
    found.image, found.command = (words[0], words[1:]) if words else ("", [])
    found.detach = bool(found.fields.pop("detach", False))
    network = str(found.fields.get("network", ""))
    known = found.image and network != "default" and not set(network) & set(",=:")
    return found if known and "\0" not in "".join(found.env) else None


def run(plain: Plain) -> int | None:
    """Do it; gives the exit code, None where nothing was done and the command line has to find out more."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        return None
    settings = None
    if os.geteuid() != 0:
        # Before anything else: where the store is depends on who asks, and afterwards that is root.
        settings = _entered(plain.root)
        if settings is None:
            return None
    from engine.containers.names import new_id
    from engine.runtime.waiting import Waiting

    with Waiting(new_id(), attach=not plain.detach) as waiting:
        try:
            return _run(plain, waiting, settings)
        except BaseException as error:  # noqa: BLE001 - said as the command line says it, which is loaded for that alone
            from engine.cli.ending import ended

            return ended(functools.partial(_again, error))


def _entered(root: str) -> Settings | None:
    """An ordinary user's settings, in whose namespace this process is from now on; None: there is none."""
    from engine.errors import LaminaError
    from engine.settings import load_settings

    try:
        settings = load_settings(root or None)
        from engine.rootless.session import enter

        enter(settings)
    except LaminaError:
        return None  # which the command line meets too, and tells
    return settings


def _again(error: BaseException) -> None:
    raise error


def _run(plain: Plain, waiting: Waiting, settings: Settings | None) -> int | None:
    from engine.errors import NotFound
    from engine.rooms import Rooms
    from engine.settings import load_settings

    rooms = Rooms(settings or load_settings(plain.root or None))
    try:
        rooms.recipes.recipe(plain.image)
    except NotFound:
        if settings:
            from engine.cli.session import Session

            Session.entered = settings  # who loads them now would be taken for root
        return None
    container = rooms.containers.create(plain.options(), waiting.container_id, at_once=True).id
    started = _start(rooms.containers, container, waiting, plain)
    if started.attachment is not None:
        return _stand_in(rooms.containers, container, started.attachment, plain)
    sys.stdout.write(f"{container}\n")
    sys.stdout.flush()
    return 0


def _start(containers: ContainerService, container: str, waiting: Waiting, plain: Plain) -> Started:
    try:
        return containers.start(container, attach=not plain.detach, waiting=waiting, at_once=True)
    except BaseException as error:  # an interrupt, or no descriptor left
        from engine.cli.ending import give_up

        give_up(containers, container, error, plain.detach, "auto_remove" in plain.fields)
        raise


def _stand_in(containers: ContainerService, container: str, attachment: socket.socket, plain: Plain) -> int:
    """Stand in its streams until it ends; gives its exit code."""
    import signal

    from engine.errors import LaminaError
    from engine.runtime.attach import run_attached

    def hand_on(number: int) -> None:
        try:
            containers.kill(container, signal.Signals(number).name)
        except LaminaError:
            return  # it ended in this instant

    code = run_attached(
        attachment,
        stdin=0 if "interactive" in plain.fields else None,
        stdout=1,
        stderr=2,
        terminal=False,
        on_signal=hand_on,
    )
    if "auto_remove" in plain.fields:
        # The monitor leaves it to us, so that it is gone when this command has ended.
        containers.remove_ended(container)
    return code or 0
