"""What is reported from init to monitor to front: a closed set of messages, each a marshalled dictionary.

    {"kind": "step",    "name":…, "what":…, "command":…, "seconds":…}   one thing was done; with "changed",
                        {fact: [before, after]}, a byte is awaited before the next
    {"kind": "failed",  "stage":…, "errno":…, "message":…, "path":…, "hint":…, "exit_code":…}
    {"kind": "running", "pid":…}                                        the program has been executed

`name` and `stage` are one of `Stage`.
"""

from __future__ import annotations

import io
import marshal
import os
from time import perf_counter

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from typing import Any

    from .text import Value


class Stage:
    """Names of the steps of a start, in the order they happen."""

    MONITOR = "monitor started"
    CGROUPS = "control groups made"
    PROCESS = "first process made"
    NAMESPACES = "namespaces made"
    OVERLAY = "overlay mounted"
    KERNEL_FILESYSTEMS = "/proc and /dev mounted"
    NETWORK = "network joined"
    SYSFS = "/sys mounted"
    BINDS = "host paths bound"
    ROOT = "root pivoted"
    MASKS = "paths masked"
    LOOPBACK = "loopback up"
    HOSTNAME = "hostname set"
    TERMINAL = "terminal opened"
    LIMITS = "limits set"
    IDENTITY = "user taken"
    DIRECTORY = "working directory entered"
    CAPABILITIES = "capabilities dropped"
    SECCOMP = "system calls filtered"
    EXEC = "program executed"


class Failure(Exception):
    """A step that failed; carries what the front needs to tell a person.

    :param exit_code: what Docker's `run` would end with: 125, 126 (cannot execute) or 127 (not found).
    """

    def __init__(
        self,
        stage: str,
        message: str,
        *,
        errno: int = 0,
        path: str = "",
        hint: str = "",
        exit_code: int = 125,
    ) -> None:
        super().__init__(message)
        self.fields = {
            "kind": "failed",
            "stage": stage,
            "errno": errno,
            "message": message,
            "path": path,
            "hint": hint,
            "exit_code": exit_code,
        }


class FrontGone(Failure):
    """Whoever wanted the start is no more."""


class Reporter:
    """Writes messages to a descriptor.

    :param needed: whether a reader that is gone is an error (BrokenPipeError), or does not matter.
    :param pausing: the descriptor is a socket, and after each step a byte is awaited from it.
    """

    def __init__(self, fd: int, needed: bool = False, pausing: bool = False) -> None:
        self._fd = fd
        self._needed = needed
        self._facts: dict[str, str] | None = None
        if pausing:
            from .facts import facts

            self._look = facts
            self._facts = facts()
        self._last = perf_counter()
        self._waiting = bytearray()
        self.unheard = False  # the reader is gone
        self.stage = Stage.MONITOR

    def begin(self, stage: str) -> None:
        """The step that is under way from here on; a failure is laid to it."""
        self.stage = stage

    def step(self, what: str, command: str = "") -> dict[str, Value]:
        """The step begun last is done; its time is that since the step before. Gives it.

        Kept back until `flush`, because a write per step would wake monitor and front each time.
        """
        now = perf_counter()
        told: dict[str, Value] = {"name": self.stage, "what": what, "command": command}
        told["seconds"] = now - self._last
        step = {"kind": "step", **told}
        self._last = now
        if self._facts is None:
            self._waiting += marshal.dumps(step)
            return told
        before, self._facts = self._facts, self._look()
        names = [name for name, value in self._facts.items() if before.get(name, "") != value]
        self.send({**step, "changed": {name: [before.get(name, ""), self._facts[name]] for name in names}})
        self.await_word()
        self._last = perf_counter()
        return told

    def await_word(self) -> None:
        """Wait until whoever steps through the start wants the next step.

        :raises Failure: nobody does any more.
        """
        try:
            word = os.read(self._fd, 1)
        except ConnectionError:
            word = b""
        if not word:
            raise FrontGone(self.stage, "given up between two steps")

    def send(self, fields: dict[str, object]) -> None:
        """One message, after all steps that were kept back."""
        self._waiting += marshal.dumps(fields)
        self.flush()

    def flush(self) -> None:
        """Write what was kept back."""
        data = bytes(self._waiting)
        self._waiting.clear()
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except ConnectionError:
            self.unheard = True
            if self._needed:
                raise


def take_messages(buffer: bytearray) -> list[dict[str, Any]]:
    """Cut the whole messages off the front of what was read so far."""
    stream = io.BytesIO(buffer)
    found, end = [], 0
    while True:
        try:
            found.append(marshal.load(stream))  # noqa: S302 - our own init or monitor wrote it
        except (EOFError, ValueError):
            break
        end = stream.tell()
    del buffer[:end]
    return found
