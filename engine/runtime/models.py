"""What a container's run leaves to look at: plain values, handed on to fronts as they are."""

from typing import NamedTuple


class StepRow(NamedTuple):
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


class LogLine(NamedTuple):
    """One line (or a piece of one that is very long) of a container's output.

    :param time: seconds since the epoch.
    :param stream: "stdout" or "stderr".
    :param text: as the program wrote it, without the newline; bytes that are no UTF-8 as lone surrogates.
    :param partial: the line goes on in the next record of its stream.
    :param dropped: this is no output, but says that so many lines are missing here, of either stream;
        -1 where nobody knows how many.
    """

    time: float
    stream: str
    text: str
    partial: bool = False
    dropped: int = 0


class LogRange(NamedTuple):
    """A part of a log. Times are seconds since the epoch.

    :param tail: the last so many lines (of those until `until`); None is all of them.
    :param since: only what came then or later. :param until: only what came then or earlier.

    Places in time are found by halving, so where the clock was set back they are near the change, not exact.
    """

    tail: int | None = None
    since: float | None = None
    until: float | None = None


WHOLE_LOG = LogRange()


class HealthLook(NamedTuple):
    """One look.

    :param start: seconds since the epoch; `end` likewise.
    :param exit_code: of the program that looked; -1 where it took too long.
    :param output: what it wrote, its first 4096 bytes.
    """

    start: float
    end: float
    exit_code: int
    output: str


class Health(NamedTuple):
    """The last five looks, the oldest first, and how many in a row failed by now."""

    failing_streak: int = 0
    looks: tuple[HealthLook, ...] = ()


UNSEEN = Health()
