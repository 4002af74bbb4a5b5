"""What a container's run leaves to look at: plain values, handed on to fronts as they are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepRow:
    """One thing the engine did to start a container.

    :param name: one of `engine.launch.messages.Stage`.
    :param what: what it came to, in a few words.
    :param command: the shell command that would do the same, or "".
    :param seconds: how long it took.
    """

    name: str
    what: str
    command: str
    seconds: float


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line (or a piece of one that is very long) of a container's output.

    :param time: seconds since the epoch.
    :param stream: "stdout" or "stderr".
    :param text: as the program wrote it, without the newline; bytes that are no UTF-8 as lone surrogates.
    :param partial: the line goes on in the next record.
    """

    time: float
    stream: str
    text: str
    partial: bool = False
